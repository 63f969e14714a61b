"""Utilisation in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.phase_transition.predictions import (
    EACH_SECOND,
    LATE_S,
    LIMIT_S,
    PREDICTIONS,
    REFUSED,
    ROOM,
    SHARES,
    STALL_S,
)

FELT = {"told": "felt it for {value}", "missed": "felt it for {value}"}

READING = Reading(
    opening=f"After {STALL_S} s in which the app stood still",
    variants={
        **{f"busy-{share}": f"{share} % of what the app can do" for share in SHARES},
        "wider": "95 %, and two workers",
        "bounded": f"95 %, and room for {ROOM} in line",
    },
    phrases={
        "felt for longer than it was": Phrase(row="feel it long", value="late for", **FELT),
        "over in a second": Phrase(row="hardly feel it", value="late for", **FELT),
        "some are refused for it": Phrase(
            row="refuses some for it",
            value="refused",
            told="refused {value}",
            missed="refused {value}",
        ),
        "the stall over what is to spare": Phrase(row="as long as theory says", value="late for"),
        "half as much to spare, twice as long": Phrase(row="twice as long", value="times"),
        **{one.name: Phrase(row=one.name, value="late for", **FELT) for one in PREDICTIONS},
    },
    line=Line(
        caption="median latency, by the second in which it was asked (lower is better); late "
        f"(over {1000 * LIMIT_S:g} ms) after the stall for, and requests that failed",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=LATE_S), End(said="{value}", measure=REFUSED)),
    ),
    questions=(
        Question(
            on="busy-95",
            asks="0.6 s of standstill at 95 % load: answers are late for another",
            choices=(
                choice("0.6 s", LATE_S, at_most=1),
                choice("3 s", LATE_S, at_least=1.5, at_most=4.5),
                choice("10 s", LATE_S, at_least=8.8, at_most=10.8, claim=PREDICTIONS[1].name),
            ),
        ),
    ),
)
