"""Percolation in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.percolation.predictions import (
    EACH_SECOND,
    FEW,
    HUNDRED,
    LARGE_SHARE,
    LINKS,
    MANY,
    PREDICTIONS,
    REACHED,
    SERVICES,
)

TOOK = {"told": "lost {value} to one failure", "missed": "lost {value} to one failure"}
HALF, THIRD, MOST, OR_NOBODY = PREDICTIONS

READING = Reading(
    opening=f"When one of {SERVICES} services failed",
    variants={
        **{f"links-{links}": f"{links} links, between any two services" for links in LINKS},
        "hubs": f"{MANY} links, mostly with services that have many",
        "one-hub": "the same, and the service with most links isolated",
        "any-hundred": f"as hubs, and any {HUNDRED} services isolated",
        "hubs-hundred": f"as hubs, and the {HUNDRED} with most links isolated",
        "even-hundred": f"{MANY} links between any two, the {HUNDRED} with most links isolated",
    },
    phrases={
        "a failure stays where it is": Phrase(row="keep it where it is", value="lost", **TOOK),
        "a failure takes nearly all": Phrase(row="lose nearly all", value="lost", **TOOK),
        "a failure still takes a third": Phrase(row="still lose a third", value="lost", **TOOK),
        "as the theory of random graphs says": Phrase(row="as theory says", value="lost"),
        "between 125 and 375 links it reaches many": Phrase(row="cross over", value="links"),
        "a hundred hubs, and not any hundred": Phrase(
            row="differ by which hundred", value="any / hubs"
        ),
        "and only where there are hubs": Phrase(row="differ by hubs", value="even / hubs"),
        HALF.name: Phrase(row="loses one other", value="lost", **TOOK),
        THIRD.name: Phrase(row="loses a third", value="lost", **TOOK),
        MOST.name: Phrase(row="loses most", value="lost", **TOOK),
        OR_NOBODY.name: Phrase(
            row="loses most or nearly none",
            value="failures",
            told="lost more than a tenth in {value} of the failures",
            missed="lost more than a tenth in {value} of the failures",
        ),
    },
    line=Line(
        caption="share of the services that one failure takes, each second (zero is best); over "
        "all failures, and how many of them took more than a tenth",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=REACHED), End(said="{value}", measure=LARGE_SHARE)),
    ),
    questions=(
        Question(
            on="one-hub",
            asks="1,000 links, with hubs; the largest hub is isolated; one failure takes",
            choices=(
                choice("a few services", REACHED, at_most=FEW),
                choice("about half", REACHED, at_least=0.35, at_most=0.65),
                choice("nearly all", REACHED, at_least=0.75, claim="a failure takes nearly all"),
            ),
        ),
        Question(
            on="hubs-hundred",
            asks="the hundred with most links are isolated; one failure takes",
            choices=(
                choice(
                    "one in a hundred", REACHED, at_most=FEW, claim="a failure stays where it is"
                ),
                choice("about a third", REACHED, at_least=0.2, at_most=0.45),
                choice("six in ten, as with any hundred", REACHED, at_least=0.5),
            ),
        ),
    ),
)
