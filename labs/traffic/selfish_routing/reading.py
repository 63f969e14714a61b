"""Selfish routing in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.selfish_routing.predictions import HALF_LONGER, PREDICTIONS, THEN_MS, TIMES

TRIP_PLOT = plots.each_second({"mean trip": THEN_MS}, title="Mean time of a trip")
TOOK = {"told": "took {value}", "missed": "took {value}"}
LONGER = {"told": "took {value} times as long", "missed": "took {value} times as long"}
NAMES = [one.name for one in PREDICTIONS]

READING = Reading(
    opening="Forty trips a second, each by the quickest way that its driver knows",
    variants={
        "two-roads": "a bridge that grows slower with its load, or a ring road of 440 ms",
        "two-roads-toll": "the same, with a toll of 220 ms on the bridge",
        "tunnel": "two bridges and two ring roads; a tunnel joins the bridges at 7 s",
        "tunnel-toll": "a toll of 440 ms on the tunnel",
        "tunnel-load-toll": "each road takes a toll that grows with its load",
    },
    phrases={
        **{name: Phrase(row="takes as long as predicted", value="a trip", **TOOK)
           for name in NAMES},
        "nearly everyone is on the bridge": Phrase(row="fills the bridge", value="on it"),
        "about half are on the bridge": Phrase(row="halves the bridge's load", value="on it"),
        "a new road makes trips longer": Phrase(row="takes longer", value="times", **LONGER),
        "trips take as long as before": Phrase(row="takes as long", value="times", **LONGER),
        "most take the tunnel": Phrase(row="fills the tunnel", value="in it"),
        "a quarter longer than the best": Phrase(row="takes longer", value="times"),
        "a quarter longer with a road more": Phrase(row="takes longer", value="times"),
    },
    line=Line(
        caption="mean time of a trip each second; mean from 14 s on, and over that before 6 s",
        plot=TRIP_PLOT,
        ends=(End(said="{value}", measure=THEN_MS), End(said="{value}", measure=TIMES)),
    ),
    questions=(
        Question(
            on="tunnel",
            asks="a trip takes 640 ms; then a tunnel joins the bridges, and takes no time. A trip",
            choices=(
                choice("takes a third less", TIMES, at_least=0.5, at_most=0.8),
                choice("takes as long", TIMES, at_least=0.95, at_most=1.05),
                choice("takes a quarter longer", TIMES, at_least=HALF_LONGER,
                       claim="a new road makes trips longer"),
            ),
        ),
    ),
)  # fmt: skip
