"""Concurrency models in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.concurrency_models.predictions import (
    BEHIND,
    PAGES,
    PAYS,
    PROCESSES,
    SERVED,
    SLOW_BANK_S,
    THREADS,
    WALL,
)

EACH_SECOND = plots.each_second({"pages": SERVED}, title="Share of pages served in time")
KEPT = {"told": "served {value} of the pages", "missed": "served {value} of the pages"}
LATE = {
    "told": "let one page in ten take {value} beside reports",
    "missed": "let one page in ten take {value} beside reports",
}

READING = Reading(
    opening="While the bank was slow",
    variants={
        "threads": f"{THREADS} threads",
        "processes": f"{PROCESSES} processes, in the same memory",
        "one-call": "an event loop with a library that blocks it: one call at a time",
        "loop": "an event loop",
        "offload": "an event loop, and reports in a process of their own",
        "wall": f"{THREADS} threads, of which {WALL} at most may wait for the bank",
    },
    phrases={
        "loses pages that need no bank": Phrase(row="lose the pages", value="served", **KEPT),
        "serves every page": Phrase(row="serve every page", value="served", **KEPT),
        "lets pages wait for a report": Phrase(
            row="lets pages wait for reports", value="p90", **LATE
        ),
        "lets no page wait for a report": Phrase(row="let no page wait", value="p90", **LATE),
        "every payment reaches the bank": Phrase(row="make every payment", value="calls"),
        "refuses payments beyond its wall": Phrase(row="refuses payments", value="made"),
        "threads make as many calls as they can": Phrase(row="make all they can", value="calls"),
        "processes make as many calls as they can": Phrase(row="make all they can", value="calls"),
        "an event loop holds as many as wait": Phrase(row="holds all that wait", value="held"),
        "a page waits behind a report": Phrase(row="waits as predicted", value="p90"),
    },
    line=Line(
        caption="pages in time each second (higher is better); while the bank is slow, and how "
        "long one in ten takes beside reports",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=SERVED), End(said="{value}", measure=BEHIND)),
    ),
    questions=(
        Question(
            on="threads",
            asks=f"{PAYS} payments a second wait {SLOW_BANK_S:g} s each for the bank, in {THREADS} "
            f"threads; {PAGES} pages a second need no bank. Of the pages, served in time are",
            choices=(
                choice("all: they need no bank", SERVED, at_least=0.95),
                choice(
                    "half: there are threads for half of the payments",
                    SERVED,
                    at_least=0.4,
                    at_most=0.6,
                ),
                choice("hardly any", SERVED, at_most=0.2, claim="loses pages that need no bank"),
            ),
        ),
        Question(
            on="loop",
            asks="an event loop makes a report of 400 ms each second, beside pages of 10 ms; one "
            "page in ten takes as long or longer as",
            choices=(
                choice("10 ms: they are made side by side", BEHIND, at_most=30),
                choice("50 ms", BEHIND, at_least=31, at_most=150),
                choice(
                    "a third of a second",
                    BEHIND,
                    at_least=200,
                    claim="lets pages wait for a report",
                ),
            ),
        ),
    ),
)
