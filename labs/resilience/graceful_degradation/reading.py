"""Graceful degradation in words: its claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.graceful_degradation.predictions import (
    HUNG,
    LACKING,
    LIMIT_S,
    LONG_S,
    SERVED,
)

SERVES = {"told": "served {value} of pages", "missed": "served {value} of pages"}
LACKS = {"told": "lacked {value} of all parts", "missed": "lacked {value} of all parts"}
WAITS = {"told": "took {value} a page", "missed": "took {value} a page"}

READING = Reading(
    opening=f"With one of four parts hung from {HUNG[0]} to {HUNG[1]} s",
    variants={
        "required": "a page needs all of its parts",
        "patient": f"a page can do without, after {LONG_S:g} s",
        "empty": f"a page can do without, after {1000 * LIMIT_S:g} ms",
        "stale": "the same, and shows what the part said last",
        "breaker": "as empty, and stops asking a part that fails",
    },
    phrases={
        "no page is served": Phrase(row="serves nobody", value="good", **SERVES),
        "every page is served": Phrase(row="serves all", value="good", **SERVES),
        "nothing is missing": Phrase(row="lacks nothing", value="missing", **LACKS),
        "as much is missing": Phrase(row="lacks as much", value="missing", **LACKS),
        "hardly a page waits": Phrase(row="does not wait", value="a page", **WAITS),
        "a page is there as often as all its parts": Phrase(
            row="is there as often as its parts", value="good, whole run", **SERVES
        ),
        "one part of four is missing": Phrase(row="lacks a quarter", value="missing", **LACKS),
        "each page waits as long as it may": Phrase(row="waits", value="a page", **WAITS),
    },
    line=Line(
        caption="good pages each second (higher is better); 6 to 14 s: served, parts missing",
        ends=(End(said="{value}", measure=SERVED), End(said="{value}", measure=LACKING)),
    ),
    questions=(
        Question(
            on="patient",
            asks="a page can do without its recommendations; they hang. It is served to",
            choices=(
                choice("everybody", SERVED, at_least=0.9),
                choice("three of four", SERVED, at_least=0.5, at_most=0.85),
                choice("nobody", SERVED, at_most=0.05, claim="no page is served"),
            ),
        ),
    ),
)
