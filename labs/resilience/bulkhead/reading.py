"""Bulkheads in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.bulkhead.predictions import BESIDE, BUSY, CAPPED, HALF, SLOTS

REFUSALS = plots.each_second({"refused": BUSY}, title="Share of catalog calls that are refused")
SLOW_DAY = {
    "told": "refused {value} of catalog calls",
    "missed": "refused {value} of catalog calls",
}
RUSH_DAY = {"told": "{value} of them in their rush", "missed": "{value} of them in their rush"}

READING = Reading(
    opening="While payments was slow",
    variants={
        "shared": f"{SLOTS} slots for both services",
        "split": f"{HALF} slots for each",
        "capped": f"{SLOTS} slots, at most {CAPPED} for one service",
    },
    phrases={
        "the healthy route falls too": Phrase(
            row="loses the catalog too", value="refused", **SLOW_DAY
        ),
        "the healthy route stays up": Phrase(row="keeps the catalog", value="refused", **SLOW_DAY),
        "the slow one is refused itself": Phrase(row="refuse payments too", value="refused"),
        "in its own rush it has half of them": Phrase(
            row="lends none in a rush", value="refused", **RUSH_DAY
        ),
        "the pool refuses both alike": Phrase(row="refuses both alike", value="refused"),
        "in a rush walls refuse more": Phrase(row="differ in a rush", value="refused more"),
    },
    line=Line(
        caption="catalog calls refused each second (lower is better); in its rush, and beside the "
        "slow one",
        plot=REFUSALS,
        ends=(End(said="{value}", measure=BUSY), End(said="{value}", measure=BESIDE)),
    ),
    questions=(
        Question(
            on="shared",
            asks="payments wants 20 slots of 10, the catalog 1; catalog calls that are refused",
            choices=(
                choice("none: 1 of 10 slots is enough", BESIDE, at_most=0.02),
                choice(
                    "a tenth: 1 wanted slot of 21 is its own", BESIDE, at_least=0.03, at_most=0.1
                ),
                choice(
                    "more than half",
                    BESIDE,
                    at_least=0.1,
                    claim="the healthy route falls too",
                ),
            ),
        ),
    ),
)
