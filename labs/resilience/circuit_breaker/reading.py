"""The circuit breaker in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.circuit_breaker.predictions import END_S

ROUTE_PLOT = plots.goodput_by_path()
CATALOG = measures.success_ratio(10.5, END_S, path="/catalog")

READING = Reading(
    opening="While payments was slow",
    variants={
        "naive": "every call waits for its time limit",
        "breaker": "calls stop after failures, and one in two seconds probes",
        "fallback": "the same, and meanwhile a promise is the answer",
    },
    phrases={
        "the healthy route falls too": Phrase(
            row="loses the catalog too",
            value="good",
            told="answered {value} of catalog requests",
            missed="answered {value} of catalog requests",
        ),
        "the healthy route stays up": Phrase(
            row="keeps the catalog",
            value="good",
            told="answered {value} of them",
            missed="answered {value} of them",
        ),
        "the end of the fault is found": Phrase(row="finds the end", value="after"),
        "everybody is answered": Phrase(row="answers everybody", value="good"),
        "though with a promise only": Phrase(row="promises", value="answers 'later'"),
        "one call leaks each period": Phrase(row="still probes", value="calls to payments"),
        "no false trip when one call in a hundred fails": Phrase(
            row="never trips falsely", value="trips"
        ),
    },
    line=Line(
        caption="good answers for the catalog each second (higher is better)",
        plot=ROUTE_PLOT,
        curves=("/catalog",),
        ends=(End(said="{value} good late in the fault", measure=CATALOG),),
    ),
    questions=(
        Question(
            on="naive",
            asks="catalog requests that naive answers towards the end",
            choices=(
                choice("all", CATALOG, at_least=0.95),
                choice("about half", CATALOG, at_least=0.35, at_most=0.7),
                choice("hardly any", CATALOG, at_most=0.3, claim="the healthy route falls too"),
            ),
        ),
    ),
)
