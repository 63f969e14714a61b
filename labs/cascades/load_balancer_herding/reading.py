"""Herding in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.load_balancer_herding.predictions import LONG_MS, MEAN, RANDOM_MS

TIMES = plots.each_second({"time": MEAN}, title="Mean time to an answer")
TOOK = {"told": "took {value}", "missed": "took {value}"}

READING = Reading(
    opening="With figures of some age, an answer on average",
    variants={
        "random": "any server, no figures",
        "fresh": "the least loaded, by the balancer's own count",
        "old-20": "the least loaded, figures 20 ms old at most",
        "old-100": "the least loaded, figures 0.1 s old at most",
        "old-1600": "the least loaded, figures 1.6 s old at most",
        "two-1600": "the less loaded of two at random, figures 1.6 s old at most",
    },
    phrases={
        "fresh figures: hardly anybody waits": Phrase(row="hardly waits", value="mean", **TOOK),
        "old figures make a herd": Phrase(row="waits in a herd", value="mean", **TOOK),
        "two choices make a smaller herd": Phrase(row="differ in the time", value="two / all"),
        "chance has queues, and no herd": Phrase(row="waits as by chance", value="mean", **TOOK),
        "a herd waits in proportion to the age": Phrase(
            row="wait in proportion to the age", value="of what theory allows"
        ),
        "young figures are better than none": Phrase(
            row="is better than chance", value="mean", **TOOK
        ),
        "old figures are worse than none": Phrase(
            row="are worse than chance", value="mean", **TOOK
        ),
    },
    line=Line(
        caption="mean time to an answer of the requests due each second (lower is better)",
        plot=TIMES,
        ends=(End(said="{value}", measure=MEAN),),
    ),
    questions=(
        Question(
            on="old-1600",
            asks=f"by figures up to 1.6 s old; at random an answer takes {RANDOM_MS:.0f} ms",
            choices=(
                choice("less: some knowledge is better than none", MEAN, at_most=0.8 * RANDOM_MS),
                choice("about as long", MEAN, at_least=0.85 * RANDOM_MS, at_most=1.2 * RANDOM_MS),
                choice(
                    "more than four times as long",
                    MEAN,
                    at_least=LONG_MS,
                    claim="old figures make a herd",
                ),
            ),
        ),
    ),
)
