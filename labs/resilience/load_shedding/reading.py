"""Load shedding in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.load_shedding.predictions import (
    ANSWERED,
    BUY_RPS,
    CARRIES,
    QUEUE,
    RESERVED,
    SERVED,
    VISIT_RPS,
)

SERVED_PLOT = plots.each_second({"buyers": SERVED}, title="Share of buyers answered in time")
BUYERS = {"told": "answered {value} of the buyers", "missed": "answered {value} of the buyers"}

READING = Reading(
    opening=f"With {BUY_RPS + VISIT_RPS:g} requests a second for {CARRIES:g}/s of work",
    variants={
        "endless": "a queue without a limit",
        "short": f"a queue of {QUEUE}; a request that finds it full is refused",
        "ordered": "the same, and buyers are always next",
        "costly": "refuses visitors first, and a refusal takes a third of the work",
        "displace": "refuses visitors first: for a buyer a visitor leaves a full queue",
        "reserve": f"lets a visitor join only while fewer than {QUEUE - RESERVED} wait",
    },
    phrases={
        "answers hardly anybody": Phrase(
            row="answers hardly anybody",
            value="in time",
            told="answered {value} of all in time",
            missed="answered {value} of all in time",
        ),
        "refuses buyers as it does visitors": Phrase(
            row="refuses buyers as well", value="served", **BUYERS
        ),
        "spends its time on refusing": Phrase(
            row="spends its time on refusing", value="served", **BUYERS
        ),
        "serves nearly all buyers": Phrase(row="serves the buyers", value="served", **BUYERS),
        "most visitors are refused": Phrase(row="refuses most visitors", value="served"),
        "order in the queue saves nobody": Phrase(row="refuses half of the buyers", value="served"),
        "nearly all get in past a reserve": Phrase(row="serves the buyers", value="served"),
        "refusals take half of the work": Phrase(row="refuses most of the time", value="answers"),
        "order makes the wait short": Phrase(row="differ in the wait", value="one / other"),
    },
    line=Line(
        caption="buyers answered in time each second (higher is better); of them from 7 to 20 s, "
        "and all good answers",
        plot=SERVED_PLOT,
        ends=(End(said="{value}", measure=SERVED), End(said="{value}", measure=ANSWERED)),
    ),
    questions=(
        Question(
            on="ordered",
            asks=f"{BUY_RPS:g}/s buy, {VISIT_RPS:g}/s look, {CARRIES:g}/s can be done; buyers are "
            "served before all others, and a request that finds the queue full is refused. Buyers "
            "served",
            choices=(
                choice("nearly all: they are always next", SERVED, at_least=0.9),
                choice("three of four", SERVED, at_least=0.72, at_most=0.8),
                choice(
                    "half, as without any order",
                    SERVED,
                    at_most=0.7,
                    claim="refuses buyers as it does visitors",
                ),
            ),
        ),
    ),
)
