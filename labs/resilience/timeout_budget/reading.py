"""Timeout budgets in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.timeout_budget.predictions import (
    LIMIT_S,
    NESTED_S,
    PATIENCE_S,
    REFUSED,
    SLOTS_LATE,
    WORK_LATE,
)

LATE = plots.each_second(
    {"slots of bank": SLOTS_LATE, "work of ledger": WORK_LATE},
    title="Share of the time that is spent for callers that left",
)
REFUSALS = {"told": "refused {value}", "missed": "refused {value}"}
NOBODY = {
    "told": "spent {value} of ledger's work on nobody",
    "missed": "spent {value} of ledger's work on nobody",
}

READING = Reading(
    opening="While a quarter of the accounts was slow",
    variants={
        "limits": f"shop waits {PATIENCE_S:g} s for bank, and bank {LIMIT_S:g} s for ledger",
        "nested": f"bank waits {NESTED_S:g} s: a little less than shop",
        "deadline": "shop says how long it waits, bank passes it on, and ledger stops then",
    },
    phrases={
        "refuses who could be served": Phrase(
            row="refuses who could be served", value="refused", **REFUSALS
        ),
        "hardly refuses anybody": Phrase(row="refuse hardly anybody", value="refused", **REFUSALS),
        "the ledger works for nobody no more": Phrase(
            row="stops work for nobody", value="ledger", **NOBODY
        ),
        "slots held for callers that left": Phrase(row="holds slots for nobody", value="of them"),
        "so who could be served is refused": Phrase(row="refuses as by Erlang", value="refused"),
        "limits that fit do not reach the ledger": Phrase(
            row="lets ledger work for nobody", value="ledger", **NOBODY
        ),
    },
    line=Line(
        caption="good answers each second (higher is better); refused by bank, and ledger's work "
        "for nobody",
        ends=(End(said="{value}", measure=REFUSED), End(said="{value}", measure=WORK_LATE)),
    ),
    questions=(
        Question(
            on="limits",
            asks="one call in four is slow; of the time in which bank's slots are held, it is for "
            "a caller that has left",
            choices=(
                choice("a quarter", SLOTS_LATE, at_least=0.15, at_most=0.35),
                choice("a half", SLOTS_LATE, at_least=0.4, at_most=0.6),
                choice(
                    "three quarters and more",
                    SLOTS_LATE,
                    at_least=0.7,
                    claim="slots held for callers that left",
                ),
            ),
        ),
    ),
)
