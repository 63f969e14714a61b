"""Adaptive concurrency in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.adaptive_concurrency.predictions import (
    FULL,
    GOOD,
    GOOD_AFTER,
    LEFT_RPS,
    PATIENCE_S,
    PREDICTIONS,
    RATE,
    START,
    TIME_MS,
    TIMES,
)

GOOD_PLOT = plots.each_second({"good": GOOD}, title=f"Answers within {PATIENCE_S:g} s, each second")
BUSY, FOUR, ONE = PREDICTIONS
DID = {"told": "answered {value}", "missed": "answered {value}"}

READING = Reading(
    opening=f"While the shop was {TIMES} times as slow and could still do {LEFT_RPS:g} a second",
    variants={
        "constant": f"at most {START} at once, always",
        "aimd-early": "fewer when one takes more than twice the usual time, and slowly more",
        "gradient": "fewer when they take more than 1.5 times the shortest time ever seen",
        "aimd": "fewer when one takes more than 0.7 s, and slowly more",
        "gradient-wide": "fewer when they take more than 5 times the shortest time ever seen",
    },
    phrases={
        "answers nobody in time": Phrase(row="answers nobody in time", value="good", **DID),
        "does less than half of what it can": Phrase(row="does little", value="good", **DID),
        "does more than half of what it can": Phrase(
            row="does more than half", value="good", **DID
        ),
        "one in ten that are served waits in a queue": Phrase(
            row="keeps a queue", value="90th percentile"
        ),
        "most are served when it is over": Phrase(row="serves most later", value="good later"),
        "twice as much is done": Phrase(row="differ in what is done", value="times"),
        BUSY.name: Phrase(row="keeps its slots busy", value="good", **DID),
        FOUR.name: Phrase(row="works on four at once", value="good", **DID),
        ONE.name: Phrase(row="works on one at once", value="good", **DID),
    },
    line=Line(
        caption=f"good answers each second (higher is better); of {FULL[0]:g} to {FULL[1]:g} s a "
        "second, their median time, and the share answered when it is over",
        plot=GOOD_PLOT,
        ends=(
            End(said="{value}", measure=GOOD),
            End(said="{value}", measure=TIME_MS),
            End(said="{value}", measure=GOOD_AFTER),
        ),
    ),
    questions=(
        Question(
            on="gradient",
            asks=f"{RATE:g}/s come to a shop that can still do {LEFT_RPS:g}/s, and its limit "
            "follows how its answers slow down; answered are",
            choices=(
                choice("30/s: it finds what can be done", GOOD, at_least=26),
                choice("20/s", GOOD, at_least=16, at_most=25),
                choice(
                    "10/s",
                    GOOD,
                    at_least=FOUR.bound.at_least,
                    at_most=FOUR.bound.at_most,
                    claim=FOUR.name,
                ),
            ),
        ),
    ),
)
