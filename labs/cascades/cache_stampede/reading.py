"""The cache stampede in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice

FIRST = measures.calls_per_burst("origin", 1, 8)
CALLS = plots.calls_to("origin", title="Calls to origin")
KEEPS = Phrase(
    row="keeps recomputations few",
    value="at an expiry",
    told="kept recomputations to {value}",
    missed="had {value} recomputations",
)

READING = Reading(
    opening="When one hot key expired",
    variants={
        "naive": "whoever finds the key expired computes it again",
        "single-flight": "callers in one process share one computation",
        "lease": "one caller in all processes gets the lease to compute",
        "early": "a random reader computes it anew before it expires",
    },
    phrases={
        "never comes back": Phrase(
            row="never comes back",
            value="good, 17-20 s",
            told="never came back",
            missed="answered {value} of requests from 17 to 20 s",
        ),
        "all who miss recompute": Phrase(
            row="lets all recompute",
            value="at an expiry",
            told="sent {value} callers to origin",
            missed="sent {value} callers to origin",
        ),
        "one in each process": KEEPS,
        "one in all": KEEPS,
        "few recompute, before it expires": KEEPS,
        "nobody notices": Phrase(row="answers all", value="good, 5-20 s"),
    },
    line=Line(
        caption="calls to origin each second (lower is better)",
        plot=CALLS,
        ends=(
            End(said="{value} at first", measure=FIRST),
            End(said="{value} good late", measure=measures.success_ratio(17, 20)),
        ),
    ),
    questions=(
        Question(
            on="naive",
            asks="naive callers that compute it at an expiry",
            choices=(
                choice("one", FIRST, at_most=1),
                choice("about 15", FIRST, at_least=5, at_most=20),
                choice("about 50", FIRST, at_least=21, claim="all who miss recompute"),
            ),
        ),
    ),
)
