"""Rate limits in words: the lab's claims, its variants, and the questions to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.rate_limiting.measures import most_let_through
from labs.resilience.rate_limiting.predictions import (
    BURST,
    FLOODER,
    IN_SPAN,
    LATE,
    LIMIT_RPS,
    MOST,
    NODES,
    OTHER,
    SPAN_S,
    TURNED_AWAY,
)

OTHERS_PLOT = plots.each_second(
    {"served": measures.success_ratio(0, 1, path=OTHER)},
    title="Share of the other customers' requests that are served in time",
)
THROUGH_PLOT = plots.each_second(
    {"let through": most_let_through(1, FLOODER, "database", 0, 1)},
    title="Requests of the flooder that are let through each second",
)
MADE_LATE = {
    "told": "made {value} of the others' requests late",
    "missed": "made {value} of the others' requests late",
}
REFUSED = {
    "told": "refused {value} of the others' requests",
    "missed": "refused {value} of the others' requests",
}
THROUGH = {"told": "let {value} through", "missed": "let {value} through"}

READING = Reading(
    opening="While one customer flooded the API",
    variants={
        "fixed-window": f"{IN_SPAN} in {SPAN_S} s, then from 0 again, on one node",
        "sliding-window": f"{IN_SPAN} in any {SPAN_S} s, on one node",
        "token-bucket": f"{LIMIT_RPS} a second and {BURST} at once, on one node",
        "per-node": f"the same bucket in each of {NODES} nodes",
        "shared": f"one bucket for {NODES} nodes, in a Redis",
        "split": f"a bucket of a quarter in each of {NODES} nodes",
    },
    phrases={
        "a window's worth at once makes others late": Phrase(
            row="make others late", value="late", **MADE_LATE
        ),
        "most others are late": Phrase(row="makes most others late", value="late", **MADE_LATE),
        "the flooder has its limit and no more": Phrase(
            row="held the flood to the limit", value="in 6 s", **THROUGH
        ),
        "no other is late": Phrase(row="make nobody late", value="late", **MADE_LATE),
        "no other is refused": Phrase(row="refuse nobody else", value="refused", **REFUSED),
        "each request asks the counter first": Phrase(
            row="asks the counter each time", value="commands"
        ),
        "two windows' worth around an edge": Phrase(
            row="lets two windows through", value="in 6 s", **THROUGH
        ),
        "one window's worth": Phrase(row="lets one window through", value="in 6 s", **THROUGH),
        "a burst, and then the rate": Phrase(row="lets b + r t through", value="in 6 s", **THROUGH),
        "each node lets as much through": Phrase(
            row="lets four times as much through", value="in 6 s", **THROUGH
        ),
        "nobody is in time once the wait is too long": Phrase(
            row="is late from then on", value="late", **MADE_LATE
        ),
        "a quarter of the limit refuses a fifth": Phrase(
            row="refuses a fifth of the others' requests", value="refused", **REFUSED
        ),
    },
    line=Line(
        caption="share of the others served in time, each second (higher is better); most that "
        f"the flooder got through in {SPAN_S} s, others late, others refused",
        plot=OTHERS_PLOT,
        ends=(
            End(said="{value}", measure=MOST),
            End(said="{value}", measure=LATE),
            End(said="{value}", measure=TURNED_AWAY),
        ),
    ),
    questions=(
        Question(
            on="fixed-window",
            asks=f"{IN_SPAN} are allowed in {SPAN_S} s; the most let through in any {SPAN_S} s",
            choices=(
                choice(f"{IN_SPAN}, as it says", MOST, at_least=50, at_most=70),
                choice("90, half as many again", MOST, at_least=80, at_most=100),
                choice(
                    "120, twice as many",
                    MOST,
                    at_least=110,
                    at_most=130,
                    claim="two windows' worth around an edge",
                ),
            ),
        ),
        Question(
            on="split",
            asks="each node has a quarter of the limit; of requests of customers that use a "
            "quarter of theirs it refuses",
            choices=(
                choice("none", TURNED_AWAY, at_most=0.02),
                choice("one in a hundred", TURNED_AWAY, at_least=0.02, at_most=0.05),
                choice(
                    "one in five",
                    TURNED_AWAY,
                    at_least=0.1,
                    at_most=0.3,
                    claim="a quarter of the limit refuses a fifth",
                ),
            ),
        ),
    ),
)
