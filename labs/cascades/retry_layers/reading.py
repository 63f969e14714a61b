"""Retries in layers in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.retry_layers.predictions import BUDGET, CALLS, HALF_CALLS, LOST, TRIES

CALLS_PLOT = plots.calls_to("database", title="Calls to the database")
DOWN = {"told": "made {value} calls for a request", "missed": "made {value} calls for a request"}

READING = Reading(
    opening="When every call to the database failed",
    variants={
        "each": f"{TRIES} tries in each of three layers",
        "one": f"{TRIES} tries in the layer next to the database, 1 in the others",
        "budgets": f"{TRIES} tries in each layer, but retries for {100 * BUDGET:.0f} % at most",
    },
    phrases={
        "multiplies the calls": Phrase(row="multiplies the calls", value="calls", **DOWN),
        "when all fail, every layer triples": Phrase(row="triples in each layer", value="calls"),
        "a service that is well gets nine": Phrase(row="repeats what was well", value="calls"),
        "when half fail, two calls do": Phrase(row="needs two when half fail", value="calls"),
        "hides it when half fail": Phrase(
            row="hides it when half fail",
            value="failed",
            told="lost {value} when half of them failed",
            missed="lost {value} when half of them failed",
        ),
        "spares the database": Phrase(row="spare the database", value="calls", **DOWN),
        "budgets allow a third more calls": Phrase(row="allows a third more", value="calls"),
        "one layer loses an eighth": Phrase(
            row="loses an eighth when half fail",
            value="failed",
            told="lost {value} when half of them failed",
            missed="lost {value} when half of them failed",
        ),
        "budgets lose a third": Phrase(
            row="loses a third when half fail",
            value="failed",
            told="lost {value} when half of them failed",
            missed="lost {value} when half of them failed",
        ),
        "a customer waits longer for the same error": Phrase(
            row="differ in the time until an error", value="each / one"
        ),
    },
    line=Line(
        caption="calls to the database each second (lower is better); calls a request when all "
        "fail, when half fail, and customers lost then",
        plot=CALLS_PLOT,
        ends=(
            End(said="{value}", measure=CALLS),
            End(said="{value}", measure=HALF_CALLS),
            End(said="{value}", measure=LOST),
        ),
    ),
    questions=(
        Question(
            on="each",
            asks="all calls to the database fail; for one request it gets",
            choices=(
                choice("3 calls: the three tries", CALLS, at_most=5),
                choice("9 calls: three layers, three tries", CALLS, at_least=6, at_most=15),
                choice("27 calls", CALLS, at_least=20, claim="multiplies the calls"),
            ),
        ),
        Question(
            on="one",
            asks="half of the calls fail; of its customers, one layer with three tries loses",
            choices=(
                choice("none to speak of", LOST, at_most=0.01),
                choice(
                    "one in eight",
                    LOST,
                    at_least=0.02,
                    at_most=0.24,
                    claim="one layer loses an eighth",
                ),
                choice("half", LOST, at_least=0.4, at_most=0.6),
            ),
        ),
    ),
)
