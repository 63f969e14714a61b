"""Little's law in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.littles_law.predictions import CALL_S, IN_USE, LATE, NEEDED, RATE

READING = Reading(
    opening=f"Of {RATE} calls a second of {CALL_S:g} s, λW = {NEEDED:g} at a time",
    variants={
        "slots-8": "8 slots",
        "slots-9": "9 slots",
        "slots-10": "10 slots",
        "slots-12": "12 slots",
        "bounded": "9 slots, and half a second of waiting at most",
        "faster": "9 slots, and calls a tenth shorter",
        "crowd": "10 slots, and arrivals at random that cannot wait",
    },
    phrases={
        "in the end nobody is answered": Phrase(
            row="end with no answers",
            value="good, 15-30 s",
            told="answered {value} in the second half",
            missed="still answered {value} in the second half",
        ),
        "all are answered": Phrase(
            row="answer all",
            value="good",
            told="answered all",
            missed="answered {value}",
        ),
        "only the excess is refused": Phrase(
            row="refuses the excess",
            value="good, 15-30 s",
            told="answered {value}",
            missed="answered {value}",
        ),
        "the bound is what all wait": Phrase(
            row="makes all others wait",
            value="wait",
            told="made them wait {value}",
            missed="made them wait {value}",
        ),
        "ten slots refuse a fifth of a crowd": Phrase(
            row="refuses a fifth",
            value="failed, 4-30 s",
            told="refused {value}",
            missed="refused {value}",
        ),
        "how long nine slots last": Phrase(row="lasts 10.5 s of 30", value="good"),
        "in use: rate times time": Phrase(row="has λW in use", value="slots"),
        "a tenth faster, a tenth fewer": Phrase(row="has λW in use", value="slots"),
        "as many in use as needed, or as there are": Phrase(
            row="have λW in use, or all", value="of what theory allows"
        ),
        "the first that is enough is the first above λW": Phrase(
            row="answer all from this size on", value="slots"
        ),
    },
    line=Line(
        caption="good answers each second (higher is better); slots in use from 10 to 25 s",
        ends=(End(said="{value} in use", measure=IN_USE),),
    ),
    questions=(
        Question(
            on="slots-9",
            asks="of the requests from second 15 on, nine slots answer",
            choices=(
                choice("all, a little late", LATE, at_least=0.98),
                choice("15 of 16: nine slots carry so many", LATE, at_least=0.85, at_most=0.97),
                choice("none", LATE, at_most=0.02, claim="in the end nobody is answered"),
            ),
        ),
    ),
)
