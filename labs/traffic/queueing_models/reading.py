"""Queueing models in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.queueing_models.predictions import DESKS, TIME, WAIT, WORK_S

WAITS = plots.each_second({"wait": WAIT}, title="Mean wait in line")
TOOK = {"told": "took {value}", "missed": "took {value}"}
WAITED = {"told": "waited {value}", "missed": "waited {value}"}
HAD_TO = {"told": "let {value} wait", "missed": "let {value} wait"}

READING = Reading(
    opening=f"With {DESKS} desks and {1000 * WORK_S:g} ms of work",
    variants={
        "even": "a line for each desk, people at even times in turn, and equal work",
        "equal": "a line for each desk, and equal work",
        "exponential": "a line for each desk, and work that varies",
        "mixed": "a line for each desk, and one in ten with eleven times the work",
        "one-line": "one line for all, and work that varies",
        "one-line-mixed": "one line for all, and one in ten with eleven times the work",
    },
    phrases={
        "nothing varies, nobody waits": Phrase(row="waits for nothing", value="wait", **WAITED),
        "the time doubles": Phrase(row="takes twice as long as the work", value="all", **TOOK),
        "people wait beside idle desks": Phrase(
            row="wait beside idle desks", value="wait", **WAITED
        ),
        "one in six waits at all": Phrase(row="let one in six wait", value="wait", **HAD_TO),
        "most do not wait": Phrase(row="let most not wait", value="wait", **HAD_TO),
        "each waits as its formula says": Phrase(
            row="wait as their formulas say", value="of what theory allows"
        ),
        "one line waits less than half as long": Phrase(
            row="differ by the line", value="waits, one / other"
        ),
        "one line with the worst work beats four lines with equal work": Phrase(
            row="differ by the line", value="those who wait, one / other"
        ),
    },
    line=Line(
        caption="mean wait each second (lower is better); from 2 to 22 s: wait, and with the work",
        plot=WAITS,
        ends=(End(said="{value}", measure=WAIT), End(said="{value}", measure=TIME)),
    ),
    questions=(
        Question(
            on="exponential",
            asks="each desk is idle half of the time, and work takes 50 ms; people wait",
            choices=(
                choice("hardly: half of the desks are free", WAIT, at_most=2),
                choice("6 ms: an eighth of the work", WAIT, at_least=3, at_most=12),
                choice(
                    "about as long as the work",
                    WAIT,
                    at_least=100 * WORK_S,
                    claim="people wait beside idle desks",
                ),
            ),
        ),
    ),
)
