"""The split brain in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.consensus.split_brain.measures import writes_by_leader
from labs.consensus.split_brain.predictions import CUT_S, LOG, LOST

PLOT = writes_by_leader(LOG)
LOSES = Phrase(
    row="loses acknowledged writes",
    told="lost {value} acknowledged writes",
    missed="lost {value} acknowledged writes",
)
ASYNC = Phrase(
    row="loses what was not copied",
    told="lost the {value} writes not yet copied",
    missed="lost {value} writes",
)
ONE = Phrase(row="never has two leaders", missed="had two leaders for {value} seconds")
LOSES_NONE = Phrase(row="loses no write", told="lost none", missed="lost {value}")

READING = Reading(
    opening=f"In a cut of {CUT_S} s",
    variants={
        "naive": "who hears no leader becomes one",
        "async": "a majority elects; the leader alone says yes",
        "majority": "a majority elects, and a majority keeps each write",
        "manual": "nobody takes over by itself",
    },
    phrases={
        "two leaders at once": Phrase(
            row="has two leaders",
            value="seconds",
            told="had two leaders for {value} s",
            missed="had two leaders for {value} s",
        ),
        "acknowledged writes are lost": LOSES,
        "the loser's writes are lost": LOSES,
        "what was not copied is lost": ASYNC,
        "lag x rate is lost": ASYNC,
        "one leader at a time": ONE,
        "no acknowledged write is lost": LOSES_NONE,
        "no leader misses a write": LOSES_NONE,
        "the smaller side is refused": Phrase(
            row="refuses the smaller side",
            value="good",
            told="answered {value} of requests in the cut",
            missed="answered {value} of requests in the cut",
        ),
        "the larger side is refused": Phrase(
            row="refuses the larger side",
            value="good",
            told="answered {value} of requests in the cut",
            missed="answered {value} of requests in the cut",
        ),
        "a leader without a majority steps down": Phrase(row="deposes its old leader", value="s"),
        "well after it": Phrase(row="is well after the cut"),
    },
    line=Line(
        caption="acknowledged writes lost each second (zero is best)",
        plot=PLOT,
        curves=("lost",),
        ends=(
            End(said="{value} lost", measure=LOST),
            End(said="{value} refused", measure=measures.failed_ratio(0, 20)),
        ),
    ),
    questions=(
        Question(
            on="naive",
            asks="acknowledged writes that naive loses",
            choices=(
                choice("none", LOST, at_most=0),
                choice("a few", LOST, at_least=1, at_most=79),
                choice("about 160", LOST, at_least=80, claim="acknowledged writes are lost"),
            ),
        ),
    ),
)
