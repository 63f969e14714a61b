"""Autoscaling lag in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.autoscaling_lag.predictions import BOOT_S, FAILED, RATE, ROOM, SHORT, TIMES

FAILS = {"told": "lost {value} requests", "missed": "lost {value} requests"}

READING = Reading(
    opening=f"With {TIMES} times the load from one moment to the next",
    variants={
        "target-55": "machines that are kept 55 % busy",
        "target-40": "machines that are kept 40 % busy",
        "warm-pool": "new machines that serve after half a second",
        "bounded": f"a queue with room for {ROOM}",
    },
    phrases={
        "loses more than twice what it is short of": Phrase(
            row="loses over twice the excess", value="lost", **FAILS
        ),
        "all who come for five seconds are late": Phrase(row="loses all for 5 s", value="lost"),
        "nobody is late": Phrase(
            row="answer all in time", value="good", told="answered all", missed="answered {value}"
        ),
        "the longest wait fits into the patience": Phrase(
            row="makes nobody wait for too long", value="longest"
        ),
        "a third of a second is the longest wait": Phrase(
            row="makes nobody wait for long", value="longest"
        ),
        "loses no more than it is short of": Phrase(
            row="loses the excess at most", value="lost", **FAILS
        ),
        "refuses the excess but for its queue": Phrase(row="refuses the excess", value="lost"),
        "headroom costs a third more machines": Phrase(
            row="differ in machines before the spike, by a factor of"
        ),
    },
    line=Line(
        caption="good answers each second (higher is better)",
        ends=(End(said="{value} lost", measure=FAILED),),
    ),
    questions=(
        Question(
            on="target-55",
            asks=f"{RATE * TIMES}/s come, the machines do 30, new ones take {BOOT_S} s to boot: "
            f"{SHORT:.0f} requests too many; lost",
            choices=(
                choice("fewer: the queue keeps some of them", FAILED, at_most=0.95 * SHORT),
                choice("about as many", FAILED, at_least=SHORT, at_most=1.3 * SHORT),
                choice(
                    "more than twice as many",
                    FAILED,
                    at_least=2 * SHORT,
                    claim="loses more than twice what it is short of",
                ),
            ),
        ),
    ),
)
