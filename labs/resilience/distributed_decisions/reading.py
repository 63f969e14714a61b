"""Gateways with one limit in words: the lab's claims, its variants, and the question."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.distributed_decisions.predictions import (
    FULL,
    LIMIT,
    PREDICTIONS,
    REFUSED,
    THROUGH,
)  # fmt: skip

THROUGH_PLOT = plots.each_second(
    {"let through": measures.goodput_rps(*FULL)}, title="Requests let through"
)
WHOLE, UNHEARD, SHARE, TOLD, ASKED = PREDICTIONS
LET = {"told": "let {value} through", "missed": "let {value} through"}
TURNED = {
    "told": "refused {value} below the limit",
    "missed": "refused {value} below the limit",
}
CALLED = {"told": "called the counter {value}", "missed": "called the counter {value}"}

READING = Reading(
    opening=f"In a flood of five times the limit of {LIMIT} a second",
    variants={
        "whole": "each gateway allows the whole limit",
        "share": "each gateway allows a quarter of it",
        "counts": "they tell each other how many they have let through",
        "demand": "they tell each other how many they were asked for",
        "asked": "they ask one counter each time",
    },
    phrases={
        "far more than the limit": Phrase(row="lets too much through", value="let through", **LET),
        "the limit and no more": Phrase(row="keeps the limit", value="let through", **LET),
        "nobody is refused below the limit": Phrase(
            row="refuses nobody below it", value="refused", **TURNED
        ),
        "each request waits for the counter": Phrase(row="waits", value="a request"),
        "far fewer calls": Phrase(row="calls less", value="of the calls"),
        "no wait for the counter": Phrase(row="does not wait", value="of the time"),
        WHOLE.name: Phrase(row="lets all that through", value="let through", **LET),
        UNHEARD.name: Phrase(row="hears too late", value="let through", **LET),
        SHARE.name: Phrase(row="refuses below the limit", value="refused", **TURNED),
        TOLD.name: Phrase(row="calls now and then", value="to the counter", **CALLED),
        ASKED.name: Phrase(row="calls each time", value="to the counter", **CALLED),
    },
    line=Line(
        caption="requests let through each second; let through in the flood, refused before it",
        plot=THROUGH_PLOT,
        ends=(
            End(said="{value}", measure=THROUGH),
            End(said="{value}", measure=REFUSED),
        ),
    ),
    questions=(
        Question(
            on="counts",
            asks=f"the limit is {LIMIT}/s, 160/s come, and twice a second the gateways tell each "
            "other what they have let through; that is",
            choices=(
                choice("about the limit", THROUGH, at_least=0.9 * LIMIT, at_most=1.1 * LIMIT),
                choice("half as much again", THROUGH, at_least=1.3 * LIMIT, at_most=1.7 * LIMIT),
                choice(
                    "three times the limit",
                    THROUGH,
                    at_least=UNHEARD.bound.at_least,
                    at_most=UNHEARD.bound.at_most,
                    claim=UNHEARD.name,
                ),
            ),
        ),
    ),
)
