"""Api styles in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.api_styles.predictions import (
    AGAIN_MS,
    CONNECTIONS,
    LINK,
    NEW_MS,
    PREDICTIONS,
)

TOOK = {"told": "took {value}", "missed": "took {value}"}
GOT = {"told": "got {value} the second time", "missed": "got {value} the second time"}
BATCH = PREDICTIONS[2]

READING = Reading(
    opening="For a new screen on a slow link",
    variants={
        "in-turn": "a request for each resource, one after the other",
        "parallel": f"the same, {CONNECTIONS} at a time",
        "batch": "one request for all twelve",
        "graphql": "one request that names the fields it wants",
        "rpc": "one procedure for this screen, in binary",
    },
    phrases={
        "takes two seconds and more": Phrase(row="is slow", value="new", **TOOK),
        "takes over a second": Phrase(row="fill the link", value="new", **TOOK),
        "is there in half a second": Phrase(row="are quick", value="new", **TOOK),
        "asks only for what has changed": Phrase(row="keep the rest", value="again", **GOT),
        "gets all of it again": Phrase(row="keeps nothing", value="again", **GOT),
        "fields that nobody shows": Phrase(row="differ in bytes", value="times as many"),
        **{one.name: Phrase(row="takes its trips", value="new") for one in PREDICTIONS[:5]},
        PREDICTIONS[5].name: Phrase(row="asks for little again", value="again"),
    },
    line=Line(
        caption="bytes over the link, each second; time of the screen when it is new, and when "
        "it is seen again (lower is better)",
        plot=LINK,
        ends=(End(said="{value}", measure=NEW_MS), End(said="{value}", measure=AGAIN_MS)),
    ),
    questions=(
        Question(
            on="batch",
            asks="twelve requests, six at a time, take 1.3 s; one request for all of it takes",
            choices=(
                choice("0.2 s: one trip", NEW_MS, at_most=300),
                choice("0.6 s: half of the trips are saved", NEW_MS, at_least=500, at_most=800),
                choice(
                    "hardly less: 1.2 s",
                    NEW_MS,
                    at_least=BATCH.bound.at_least,
                    at_most=BATCH.bound.at_most,
                    claim=BATCH.name,
                ),
            ),
        ),
    ),
)
