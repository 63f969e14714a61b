"""Clocks that lie, in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.consensus.clock_skew.measures import lost_update_ratio, lost_updates, share_of_lost
from labs.consensus.clock_skew.predictions import LONG_S, SKEW_S, STEADY, TO_S

PLOT = lost_updates()
WHOSE = share_of_lost("coordinator-1", 8, TO_S)
LOSES = Phrase(row="loses writes", value="8-17 s")
AFTER = Phrase(row="loses more, clock right", value="17-18.5 s")
TOKENS = Phrase(row="refuses good tokens", value="taken")

READING = Reading(
    opening=f"With one clock {SKEW_S} s ahead",
    variants={
        "wall-clock": "the later time stamp wins",
        "hybrid-clock": "stamps never go back, a late writer tries again",
        "versions": "a write names the version that it replaces",
    },
    phrases={
        "writes are acknowledged and gone": Phrase(
            row="loses writes",
            value="8-17 s",
            told="lost {value} of acknowledged writes",
            missed="lost {value} of acknowledged writes",
        ),
        "and no error tells of it": Phrase(
            row="tells no writer",
            value="good answers",
            told="told no writer",
            missed="took {value} of writes",
        ),
        "only the node whose clock is right loses": Phrase(row="loses node 1's", value="of lost"),
        "no write is lost": Phrase(row="loses no write", told="lost none", missed="lost {value}"),
        "the clock is right again, and still writes go": AFTER,
        "good tokens are refused by the node that is ahead": TOKENS,
        "and every write is taken": Phrase(row="takes every write"),
        "tokens are taken, with leeway": Phrase(row="takes every token"),
        "lost in proportion to skew and spacing": LOSES,
        "stamps of the future outlive the skew": AFTER,
        "one of two refuses all tokens": TOKENS,
        "a version costs a read": Phrase(row="reads before a write", value="calls"),
    },
    line=Line(
        caption="acknowledged writes lost each second (zero is best)",
        plot=PLOT,
        curves=("lost",),
        ends=(End(said="{value} lost", measure=lost_update_ratio(0, LONG_S)),),
    ),
    questions=(
        Question(
            on="wall-clock",
            asks="who loses writes",
            choices=(
                choice("nobody", STEADY, at_most=0),
                choice(
                    "clients of coordinator-1, whose clock is right",
                    WHOSE,
                    at_least=0.9,
                    claim="only the node whose clock is right loses",
                ),
                choice("clients of coordinator-2, which is ahead", WHOSE, at_most=0.1),
            ),
        ),
    ),
)
