"""Retry budgets in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import Phrase, Question, Reading, choice
from labs.resilience.retry_budget.predictions import (
    AGAIN_S,
    BUDGET,
    BUSY_RPS,
    CALLS,
    FAILING,
    GOOD,
    GOOD_FLAKY,
    QUIET_RPS,
    STALL_S,
    TRIES,
)

RECOVERS = Phrase(
    row="recovers",
    value="after the freeze",
    told="recovered in {value}",
    missed="took {value} to recover",
    never="never came back",
)
SAVED = {"told": "answered {value} of requests", "missed": "answered {value} of requests"}
MADE = Phrase(row="calls", value="calls per request")

READING = Reading(
    opening=f"After {STALL_S} s of freeze, or while half of the calls failed",
    variants={
        "all-tries": f"{TRIES} tries, at {QUIET_RPS} requests a second",
        "budget": f"the same, with retries for {100 * BUDGET:.0f} % of requests at most",
        "busy": f"that budget, at {BUSY_RPS} a second",
        "busy-once": f"one try, at {BUSY_RPS} a second",
        "busy-breaker": f"{TRIES} tries and a breaker, at {BUSY_RPS} a second",
        "flaky": f"{TRIES} tries, of which {100 * FAILING:.0f} % fail",
        "flaky-budget": "these with the budget",
    },
    phrases={
        "never comes back": Phrase(
            row="never comes back",
            value="good, 16-20 s",
            told="never came back",
            missed="answered {value} of requests from 16 to 20 s",
        ),
        "recovers by itself": RECOVERS,
        "the backlog drains": RECOVERS,
        "without a retry it would drain": RECOVERS,
        "nobody is served for a while": Phrase(row="serves nobody from 6 to 7 s", value="good"),
        "hardly anybody notices": Phrase(row="saves most requests", value="good", **SAVED),
        "nearly half fail": Phrase(row="saves few requests", value="good", **SAVED),
        "four tries save fifteen of sixteen": Phrase(row="saves most", value="good", **SAVED),
        "a budget saves few": Phrase(row="saves few", value="good", **SAVED),
        "four calls for each request": MADE,
        "a tenth more calls than requests": MADE,
        "what four tries cost": MADE,
    },
    questions=(
        Question(
            on="busy",
            asks=f"{BUSY_RPS}/s on 50/s, a freeze of {STALL_S} s, a retry for one request in ten: "
            "it is well again",
            choices=(
                choice("within 3 s", AGAIN_S, at_most=3),
                choice("within 10 s", AGAIN_S, at_least=3.5, at_most=10),
                choice("never", GOOD, at_most=0.05, claim="never comes back"),
            ),
        ),
        Question(
            on="flaky-budget",
            asks="half of the calls fail, four tries, a retry for one request in ten: answered are",
            choices=(
                choice("94 %", GOOD_FLAKY, at_least=0.85),
                choice("55 %", GOOD_FLAKY, at_most=0.8, claim="nearly half fail"),
                choice("all, at four calls each", CALLS, at_least=3.5),
            ),
        ),
    ),
)
