"""Client-side throttling in words: the lab's claims, its variants, and its questions."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.adaptive_throttling.predictions import (
    CROWD_RPS,
    GOOD,
    GOOD_AFTER,
    LONG_S,
    SENT,
    SMALL_K,
    SPAN_S,
    K,
)

SENT_PLOT = plots.calls_to("backend", title="Requests that the backend gets")
DID = {"told": "answered {value}", "missed": "answered {value}"}
GOT = {"told": "sent the backend {value}", "missed": "sent the backend {value}"}
WELL = {
    "told": "answered {value} when it was over",
    "missed": "answered {value} when it was over",
}

READING = Reading(
    opening=f"With {CROWD_RPS:g} requests a second on a backend that can do 20",
    variants={
        "all-sent": "every request is sent",
        "twice": f"{K} are sent for each that was accepted in the last {SPAN_S} s",
        "quarter-more": f"{SMALL_K} are",
        "long-memory": f"{K} are, in the last {LONG_S} s",
    },
    phrases={
        "does less than half of what it can": Phrase(row="does little", value="good", **DID),
        "does most of what it can": Phrase(row="does most of it", value="good", **DID),
        "most of the work is refusing": Phrase(row="spends its work on refusing", **DID),
        "customers are refused when nothing is wrong any more": Phrase(
            row="still refuses afterwards", value="good", **WELL
        ),
        "soon after, nobody is refused": Phrase(row="refuses nobody later", value="good", **WELL),
        "the backend gets all of it": Phrase(row="sends all", value="sent", **GOT),
        "twice as many as are accepted": Phrase(row="sends K times as many", value="sent", **GOT),
        "a quarter more than are accepted": Phrase(
            row="sends K times as many", value="sent", **GOT
        ),
    },
    line=Line(
        caption="requests that the backend gets each second; these and good answers in the crowd, "
        "and good ones when it is over",
        plot=SENT_PLOT,
        ends=(
            End(said="{value}", measure=SENT),
            End(said="{value}", measure=GOOD),
            End(said="{value}", measure=GOOD_AFTER),
        ),
    ),
    questions=(
        Question(
            on="all-sent",
            asks="60/s come and 20/s can be done; refusing costs a quarter of doing: answered are",
            choices=(
                choice("20/s", GOOD, at_least=17),
                choice("13/s", GOOD, at_least=11, at_most=16),
                choice("7/s", GOOD, at_most=10, claim="does less than half of what it can"),
            ),
        ),
        Question(
            on="twice",
            asks="clients send two for each that was accepted: the backend gets",
            choices=(
                choice("20/s, what it can do", SENT, at_most=22),
                choice(
                    "32/s, half of them to be refused",
                    SENT,
                    at_least=24,
                    at_most=44,
                    claim="twice as many as are accepted",
                ),
                choice("60/s, as they need to know", SENT, at_least=50),
            ),
        ),
    ),
)
