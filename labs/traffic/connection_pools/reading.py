"""Connection pools in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.connection_pools.predictions import (
    APPS,
    CORES,
    FEW,
    GOOD_LATE,
    GOOD_SOON,
    MANY,
    PREDICTIONS,
    RIGHT,
)

SOON = {
    "told": "answered {value} soon after",
    "missed": "answered {value} soon after",
}
LATE = {"told": "answered {value} in the end", "missed": "answered {value} in the end"}

READING = Reading(
    opening="After the database had stood still",
    variants={
        "few": f"{APPS} x {FEW} connections to {CORES} cores",
        "many": f"{APPS} x {MANY} connections",
        "as-cores": f"{APPS} x {RIGHT} connections",
        "pooler": f"{APPS} x {MANY}, of which {CORES} at a time may run a query",
    },
    phrases={
        "is late for seconds more": Phrase(row="is late for seconds", value="good", **SOON),
        "never comes back": Phrase(row="never comes back", value="good", **LATE),
        "is back within two seconds": Phrase(row="are back soon", value="good", **SOON),
        "was as quick as others before": Phrase(row="was as quick before", value="median"),
        **{one.name: Phrase(row="does as predicted", value="queries") for one in PREDICTIONS},
    },
    line=Line(
        caption="good answers each second (higher is better); from 1.5 to 4 s after the freeze, "
        "and in the end",
        ends=(
            End(said="{value}", measure=GOOD_SOON),
            End(said="{value}", measure=GOOD_LATE),
        ),
    ),
    questions=(
        Question(
            on="many",
            asks="the database stands still for four seconds; of the customers nine seconds "
            "later and more, it answers in time",
            choices=(
                choice("all of them", GOOD_LATE, at_least=0.95),
                choice("13 of 16: all that it does", GOOD_LATE, at_least=0.5, at_most=0.94),
                choice("none", GOOD_LATE, at_most=0.05, claim="never comes back"),
            ),
        ),
    ),
)
