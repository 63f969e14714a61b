"""The flash crowd in words: its claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.flash_crowd.predictions import (
    AT_FULL,
    BOOT_S,
    FAILED,
    FULL_S,
    INSIDE,
    LEAST,
    MOST,
    TIMES,
)  # fmt: skip

FAILS = {"told": "failed {value} requests", "missed": "failed {value} requests"}
BY_RUSH = {"told": "answered {value} from 14 to 22 s", "missed": "answered {value} from 14 to 22 s"}
AT_BEST = {"told": "answered {value} from 16 to 22 s", "missed": "answered {value} from 16 to 22 s"}

READING = Reading(
    opening=f"With {TIMES} times the traffic, all there at {FULL_S} s",
    variants={
        "reactive": f"{LEAST} machines, and more when they are busy",
        "pre-scaled": f"{MOST} machines from the start",
        "waiting-room": f"as reactive, and {INSIDE} customers inside at most",
    },
    phrases={
        "serves nobody in time": Phrase(
            row="serves nobody in time", value="good, 16-22 s", **AT_BEST
        ),
        "its machines come four boots late": Phrase(
            row="comes four boots late", value="failed", **FAILS
        ),
        "nobody notices": Phrase(
            row="nobody notices", value="good", told="answered {value}", missed="answered {value}"
        ),
        "hardly anybody waits": Phrase(row="hardly anybody waits", value="half, 14-22 s"),
        "serves most of the crowd": Phrase(
            row="serves most of it", value="good, 14-22 s", **BY_RUSH
        ),
        "lets in whom it can serve": Phrase(row="lets in whom it can", value="good, 14-22 s"),
        "the same machines serve more behind a door": Phrase(
            row="differ in customers lost, by a factor of"
        ),
        "machines that wait for a crowd cost all along": Phrase(
            row="differ in cost before it, by a factor of"
        ),
    },
    line=Line(
        caption="good answers each second (higher is better)",
        ends=(End(said="{value} failed", measure=FAILED),),
    ),
    questions=(
        Question(
            on="reactive",
            asks=f"a machine boots in {BOOT_S} s; of those who come at 16-22 s, reactive answers",
            choices=(
                choice("nearly all", AT_FULL, at_least=0.9),
                choice("about half", AT_FULL, at_least=0.2, at_most=0.8),
                choice("nobody", AT_FULL, at_most=0.05, claim="serves nobody in time"),
            ),
        ),
    ),
)
