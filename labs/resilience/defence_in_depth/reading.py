"""The gauntlet in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.defence_in_depth.predictions import (
    CALLS_AFTER,
    MORNING_LOST,
    PREDICTIONS,
    SERVED_AFTER,
    WELL_AFTER_S,
)

SERVED = {"told": "served {value} in the afternoon", "missed": "served {value} in the afternoon"}
LOST = {"told": "lost {value} in the morning", "missed": "lost {value} in the morning"}
CALLED = {"told": "made {value} calls for an order", "missed": "made {value} calls for an order"}
ERROR, TRIED, DRAINED = PREDICTIONS

READING = Reading(
    opening="On a day with errors in the morning and a freeze at noon",
    variants={
        "all": "retries, a budget for them, a breaker, shedding",
        "no-retry": "all but retries",
        "no-budget": "all but the budget",
        "no-breaker": "all but the breaker",
        "no-shed": "all but shedding",
        "budget": "retries and a budget",
        "breaker": "retries and a breaker",
        "shed": "retries and shedding",
        "retries": "retries alone",
    },
    phrases={
        "customers see errors all morning": Phrase(row="has errors", value="lost", **LOST),
        "and the freeze never ends": Phrase(row="stays down", value="served", **SERVED),
        "taken away, it is not missed": Phrase(row="lack nothing", value="served", **SERVED),
        "each one holds alone": Phrase(row="hold", value="served", **SERVED),
        "hardly an error in the morning": Phrase(row="have hardly errors", value="lost", **LOST),
        "calls that fail are made again": Phrase(row="make calls again", value="calls", **CALLED),
        "and so they are with one alone": Phrase(row="make calls again", value="calls", **CALLED),
        ERROR.name: Phrase(row="loses what fails", value="lost", **LOST),
        TRIED.name: Phrase(
            row="tries three times",
            value="calls",
            told="made {value} calls for an order",
            missed="made {value} calls for an order",
        ),
        DRAINED.name: Phrase(
            row="drains",
            value="after",
            told="was well {value} after the freeze",
            missed="was well {value} after the freeze",
        ),
    },
    line=Line(
        caption="good answers a second; lost early, served late, well after",
        ends=(
            End(said="{value}", measure=MORNING_LOST),
            End(said="{value}", measure=SERVED_AFTER),
            End(said="{value}", measure=WELL_AFTER_S),
        ),
    ),
    questions=(
        Question(
            on="retries",
            asks="retries without any other defence: after a freeze of 3 s it serves",
            choices=(
                choice("everybody, a little later", SERVED_AFTER, at_least=0.9),
                choice("two in three", SERVED_AFTER, at_least=0.4, at_most=0.8),
                choice("nobody", SERVED_AFTER, at_most=0.05, claim="and the freeze never ends"),
            ),
        ),
        Question(
            on="retries",
            asks="the calls to payments for each request are then",
            choices=(
                choice("one", CALLS_AFTER, at_most=1.2),
                choice("one and a quarter", CALLS_AFTER, at_least=1.21, at_most=1.5),
                choice("three", CALLS_AFTER, at_least=2.8, claim=TRIED.name),
            ),
        ),
    ),
)
