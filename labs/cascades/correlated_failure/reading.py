"""Correlated failure in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.correlated_failure.predictions import HALFWAY, LOST, SECOND

LOST_PLOT = plots.each_second({"lost": LOST}, title="Share of requests lost")
LOSES = {"told": "lost {value} of the requests", "missed": "lost {value} of the requests"}

READING = Reading(
    opening="With racks that are down in a fifth of all moments",
    variants={
        "one-rack": "three replicas in one rack",
        "five": "five replicas in one rack",
        "two-racks": "two replicas, one in each of two racks",
        "spread": "three replicas, one in each of three racks",
    },
    phrases={
        "what the rack loses is lost": Phrase(
            row="lose what the rack loses", value="lost", **LOSES
        ),
        "less than a rack is lost": Phrase(row="lose less than a rack", value="lost", **LOSES),
        "the second try is as good as the first": Phrase(
            row="fail no more often again",
            value="second tries",
            told="had {value} of their second tries fail",
            missed="had {value} of their second tries fail",
        ),
        "two beat five": Phrase(row="differ", value="lost more"),
        "three lose what their rack loses": Phrase(row="loses a fifth", value="lost"),
        "so do five": Phrase(row="loses a fifth, too", value="lost"),
        "two in two racks lose both at a time": Phrase(row="loses one in 17", value="lost"),
        "where one has failed, so has the next": Phrase(
            row="fails again", value="second tries that fail"
        ),
        "where one has failed, the next is as good as any": Phrase(
            row="fails again as seldom", value="second tries that fail"
        ),
    },
    line=Line(
        caption="share of requests lost each second (zero is best); lost, second tries that fail",
        plot=LOST_PLOT,
        ends=(End(said="{value}", measure=LOST), End(said="{value}", measure=SECOND)),
    ),
    questions=(
        Question(
            on="five",
            asks="a rack is down in 20 % of all moments, each of its five replicas in 5 %; lost",
            choices=(
                choice("next to nothing: all five at a time", LOST, at_most=0.001),
                choice("2 %", LOST, at_least=0.01, at_most=0.04),
                choice("20 %", LOST, at_least=HALFWAY, claim="what the rack loses is lost"),
            ),
        ),
        Question(
            on="one-rack",
            asks="a replica is of no use in 24 % of all moments; if one has failed, the next fails",
            choices=(
                choice("in 6 %", SECOND, at_most=0.15),
                choice("in 24 %", SECOND, at_least=0.2, at_most=0.4),
                choice(
                    "in 84 %",
                    SECOND,
                    at_least=0.5,
                    claim="where one has failed, so has the next",
                ),
            ),
        ),
    ),
)
