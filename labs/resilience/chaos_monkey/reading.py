"""Chaos Monkey in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.chaos_monkey.predictions import FATAL, ONE, QUEUE, THREE, TWO

STEADY = Phrase(
    row="keeps the steady state",
    value="good, one or two dead",
    told="answered {value} with one or two dead",
    missed="answered {value} with one or two dead",
)
THIRD = {"told": "answered {value} with three dead", "missed": "answered {value} with three dead"}

READING = Reading(
    opening="Under a monkey that kills one, then two, then three of four",
    variants={
        "blind": "no health checks",
        "probed": "health checks that take out the dead",
        "floor": "as probed, but never more than half",
        "refusing": f"as probed, and instances where {QUEUE} wait at most",
    },
    phrases={
        "the hypothesis is wrong": Phrase(
            row="loses the steady state", value="good, one or two dead", told=STEADY.told,
            missed=STEADY.missed,
        ),
        "the hypothesis holds": STEADY,
        "it holds here, too": STEADY,
        "a dead one's share is lost": Phrase(row="loses the dead one's share", value="good"),
        "what a death costs until it is noticed": Phrase(
            row="loses few for each death", value="failed, each"
        ),
        "the third death takes all": Phrase(
            row="answers nobody, three dead", value="good, three dead", **THIRD
        ),
        "the share of two": Phrase(row="loses the share of two", value="good"),
        "the share of three": Phrase(row="loses the share of three", value="good", **THIRD),
        "the third death takes a part": Phrase(
            row="answers some, three dead", value="good, three dead", **THIRD
        ),
        "half go to the dead": Phrase(row="loses what the dead get", value="good"),
        "one does what it can": Phrase(row="answers what one can do", value="good"),
        "blindness saves who is left": Phrase(row="differ with three dead by", value="good"),
    },
    line=Line(
        caption="good answers each second (higher is better); share with 1, 2, 3 dead, noticed",
        ends=tuple(End(said="{value}", measure=one) for one in (ONE, TWO, THREE)),
    ),
    questions=(
        Question(
            on="probed",
            asks=f"{FATAL} of 4 are dead, and the health checks have noticed; probed answers",
            choices=(
                choice("ten of sixteen: what one instance can do", THREE, at_least=0.55,
                       at_most=0.7),
                choice("a quarter: one of four is left", THREE, at_least=0.2, at_most=0.3),
                choice("nobody", THREE, at_most=0.05, claim="the third death takes all"),
            ),
        ),
    ),
)  # fmt: skip
