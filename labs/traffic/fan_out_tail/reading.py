"""The tail at scale in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.fan_out_tail.predictions import (
    ENOUGH,
    LATE,
    LIMIT_S,
    OFTEN,
    PATIENCE_S,
    SLOWEST,
)

WERE_LATE = {"told": "were late in {value} of pages", "missed": "were late in {value} of pages"}

READING = Reading(
    opening="With one call in a hundred slow",
    variants={
        "leaves-1": "a page needs one leaf",
        "leaves-10": "a page needs ten leaves",
        "leaves-100": "a page needs a hundred leaves",
        "hedged": f"a second try of each call after {1000 * PATIENCE_S:g} ms",
        "enough": f"after {1000 * PATIENCE_S:g} ms, {ENOUGH:.0%} of the answers are enough",
    },
    phrases={
        "thirty times as often as one leaf": Phrase(
            row="is late far more often than a leaf", value="late", **WERE_LATE
        ),
        "most pages are on time": Phrase(row="is seldom late", value="late", **WERE_LATE),
        "hardly a page is late": Phrase(row="is hardly late", value="late", **WERE_LATE),
        "two pages of three wait for a slow leaf": Phrase(
            row="waits for a slow leaf", value="late", **WERE_LATE
        ),
        "few answers are missing": Phrase(
            row="lacks few answers",
            value="missing",
            told="lacked {value} of answers",
            missed="lacked {value} of answers",
        ),
        "the chance that none is slow, to the power of the leaves": Phrase(
            row="are late as the formula says", value="of what theory allows"
        ),
        "each page asks all": Phrase(row="ask all their leaves", value="of what is allowed"),
        "hedges cost little": Phrase(
            row="asks for little twice",
            value="calls",
            told="made {value} calls a page",
            missed="made {value} calls a page",
        ),
    },
    line=Line(
        caption=f"slowest page each second (lower is better); later than {1000 * LIMIT_S:g} ms",
        plot=SLOWEST,
        ends=(End(said="{value}", measure=LATE),),
    ),
    questions=(
        Question(
            on="leaves-100",
            asks="each leaf is slow in one call of a hundred; a page of a hundred is late in",
            choices=(
                choice("1 % of all: the slow calls", LATE, at_most=0.05),
                choice("10 %", LATE, at_least=0.06, at_most=0.2),
                choice(
                    "more than 30 %",
                    LATE,
                    at_least=OFTEN,
                    claim="thirty times as often as one leaf",
                ),
            ),
        ),
    ),
)
