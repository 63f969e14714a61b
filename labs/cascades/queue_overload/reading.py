"""An overloaded queue in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.queue_overload.predictions import CARRIES, GOOD, HALF, IN_TIME, PATIENCE_S, PEAK

ANSWERED = {"told": "answered {value} in time", "missed": "answered {value} in time"}

READING = Reading(
    opening=f"With {PEAK:g} requests a second for {CARRIES:g}/s of work",
    variants={
        "fifo": "the oldest first",
        "drop-expired": "the oldest first, of those whose callers still wait",
        "in-time": "the oldest first, of those that can still be done in time",
        "newest": "the newest first",
        "codel": "the oldest first, and drops while the wait stays too long",
    },
    phrases={
        "answers nobody": Phrase(row="answers nobody", value="good, 20-33 s", **ANSWERED),
        "is down long after": Phrase(row="is down long after", value="good, 36-40 s"),
        "works in vain": Phrase(
            row="is seldom in time",
            value="done in time",
            told="did {value} of its work in time",
            missed="did {value} of its work in time",
        ),
        "starts six of ten too late": Phrase(row="is seldom in time", value="done in time"),
        "answers as many as it can": Phrase(row="answer all they can", value="good", **ANSWERED),
        "half are answered almost at once": Phrase(row="answers half at once", value="median"),
        "answers at the last moment": Phrase(row="answers just in time", value="median"),
        "tells the others soon": Phrase(row="tells the others soon", value="after"),
        "the oldest wait eight times as long as the newest": Phrase(
            row="differ in their median", value="one / other"
        ),
    },
    line=Line(
        caption="good answers each second (higher is better); good at 15-33 s, their median",
        ends=(End(said="{value}", measure=GOOD), End(said="{value}", measure=HALF)),
    ),
    questions=(
        Question(
            on="drop-expired",
            asks=f"{PEAK:g}/s come, {CARRIES:g}/s can be done; nobody waits longer than "
            f"{PATIENCE_S:g} s, and search starts nothing whose caller has left. Of ten, in time",
            choices=(
                choice("all ten", IN_TIME, at_least=0.9),
                choice(
                    "about four",
                    IN_TIME,
                    at_least=0.15,
                    at_most=0.8,
                    claim="starts six of ten too late",
                ),
                choice("none", IN_TIME, at_most=0.05),
            ),
        ),
    ),
)
