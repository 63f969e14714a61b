"""The Universal Scalability Law in words: claims, variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.universal_scalability.predictions import (
    BEST,
    BOOKED,
    GROUP,
    LESS_RPS,
    MANY,
    POINTS,
    PREDICTIONS,
)

DID = {"told": "booked {value}", "missed": "booked {value}"}

READING = Reading(
    opening="With a lock that all want at the same time",
    variants={
        **{f"workers-{n}": f"{n} worker{'s' * (n > 1)}" for n in (*POINTS, BEST, MANY)},
        "batched": f"{MANY} workers that tell each other once a round",
        "groups": f"{MANY} workers in groups of {GROUP}",
    },
    phrases={
        "do less than five workers": Phrase(row="do less than five", value="orders", **DID),
        "do less than twenty workers": Phrase(row="do less than twenty", value="orders", **DID),
        "do 85 % of it or more": Phrase(row="do nearly as much", value="orders", **DID),
        **{one.name: Phrase(row="do as predicted", value="orders", **DID) for one in PREDICTIONS},
        "five points tell where the peak is": Phrase(row="tell the peak", value="best"),
        "each team does what the law says": Phrase(
            row="are on the curve", value="of what theory allows"
        ),
        "ten workers more, a sixth less is done": Phrase(row="differ", value="orders, one / other"),
    },
    line=Line(
        caption="orders answered each second (higher is better); booked each second on average",
        ends=(End(said="{value}", measure=BOOKED),),
    ),
    questions=(
        Question(
            on="workers-20",
            asks="one worker books 5 orders a second, five book 18, ten book 21; twenty book",
            choices=(
                choice("42: twice as many as ten", BOOKED, at_least=38, at_most=46),
                choice("25: a little more than ten", BOOKED, at_least=22, at_most=28),
                choice(
                    "fewer than five do",
                    BOOKED,
                    at_most=LESS_RPS,
                    claim="do less than five workers",
                ),
            ),
        ),
    ),
)
