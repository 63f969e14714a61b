"""Feedback oscillation in words: its claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.feedback_oscillation.predictions import (
    LEAST,
    LOST,
    MOST,
    NEEDED,
    SIX,
    SWING,
    WITHIN,
)

SWINGS = {"told": "swung by {value} machines", "missed": "swung by {value} machines"}

READING = Reading(
    opening="After a push of three seconds, with an even load from then on",
    variants={
        "eager": "orders all machines that are missing, at each look",
        "averaging": f"orders half of them, by the average of {SIX} looks",
        "gentle": "orders half of them",
        "counting": "orders all of them, and counts those that are ordered already",
    },
    phrases={
        "swings for ever": Phrase(row="swing for ever", value="swing", **SWINGS),
        "loses customers at an even load": Phrase(
            row="lose customers",
            value="lost",
            told="lost {value} of the requests",
            missed="lost {value} of the requests",
        ),
        "turns after lag and look": Phrase(row="swings in 4.5 s", value="period"),
        "turns later for the average": Phrase(row="swings in 9 s", value="period"),
        "comes to rest": Phrase(row="come to rest", value="swing", **SWINGS),
        "rests at once": Phrase(row="is at rest sooner", value="swing", **SWINGS),
        "orders what is missing, and no more": Phrase(row="orders no more", value="machines"),
        "answers all": Phrase(
            row="answer all", value="good", told="answered all", missed="answered {value}"
        ),
        "costs as many machines on average": Phrase(row="cost as much", value="machines"),
    },
    line=Line(
        caption="good answers each second (higher is better)",
        ends=(End(said="swings by {value}", measure=SWING), End(said="{value} lost", measure=LOST)),
    ),
    questions=(
        Question(
            on="eager",
            asks=f"{NEEDED} machines are right; from 5 s after the push on, eager swings by",
            choices=(
                choice("nothing: the load is what it was", SWING, at_most=WITHIN),
                choice("some machines, and less each time", SWING, at_least=5, at_most=15),
                choice(
                    f"{NEEDED} and more, between {LEAST} and {MOST}, for ever",
                    SWING,
                    at_least=NEEDED,
                    claim="swings for ever",
                ),
            ),
        ),
    ),
)
