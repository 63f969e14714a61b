"""The config push in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.delivery.config_push.measures import worst

SHOPS = ("shop-1", "shop-2", "shop-3", "shop-4")
BLAST = measures.failures(6, 20)
WORST = worst(SHOPS, 6, 20)
FAILED = plots.failures_by_host(*SHOPS)
FAILS = {"told": "failed {value} requests", "missed": "failed {value} requests"}

READING = Reading(
    opening="With one bad value in the configuration",
    variants={
        "at-once": "every shop takes the value at its next poll",
        "staged": "one shop first, then two, then all, unless it fails",
        "last-good": "a shop goes back to its last good value after three errors",
        "validated": "a shop refuses what is no number",
    },
    phrases={
        "the whole load until it is put right": Phrase(row="fails the whole load", **FAILS),
        "one shop until its next poll": Phrase(row="fails one shop's second", **FAILS),
        "three errors in each shop": Phrase(
            row="fails three in each shop",
            value="in the worst shop",
            told="failed {value} in each shop",
            missed="failed {value} in its worst shop",
        ),
        "nobody notices": Phrase(row="fails none", told="failed none", missed=FAILS["missed"]),
        "all are down": Phrase(row="brings all down", value="good, 8-16 s"),
        "few notice": Phrase(row="fails few", value="good, 6-20 s"),
        "and all still ask": Phrase(row="still asks", value="calls to config"),
    },
    line=Line(
        caption="failed requests each second (zero is best)",
        plot=FAILED,
        ends=(End(said="{value} failed", measure=BLAST),),
    ),
    questions=(
        Question(
            on="staged",
            asks="requests that fail when the value comes in stages",
            choices=(
                choice("about 800", BLAST, at_least=400),
                choice("about 200", BLAST, at_least=100, at_most=399),
                choice(
                    "about 20",
                    BLAST,
                    at_least=1,
                    at_most=99,
                    claim="one shop until its next poll",
                ),
            ),
        ),
    ),
)
