"""Geographic routing in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.geo_routing.predictions import (
    EACH_SECOND,
    FAILED,
    FOUND_S,
    HOLD_S,
    LAST_S,
    MOVES_S,
    PREDICTIONS,
    SHORT_S,
    TTL_S,
)

LAST = {
    "told": "lost the last request {value} later",
    "missed": "lost the last request {value} later",
}

READING = Reading(
    opening="With east lost",
    variants={
        "dns": f"a name that is remembered for {TTL_S} s",
        "ignored": f"for {SHORT_S} s, and by one in four for {HOLD_S} s all the same",
        "dns-short": f"for {SHORT_S} s",
        "anycast": "one address, and the network knows the way",
        "tries-both": "the program tries a second region itself",
    },
    phrases={
        "some are lost for long": Phrase(row="lose some for long", value="the last", **LAST),
        "all are served elsewhere": Phrase(row="serve all again", value="the last", **LAST),
        "nobody loses a request": Phrase(row="loses nothing", value="failed requests"),
        "each waits once": Phrase(row="makes each wait once", value="of requests"),
        "and the way is longer": Phrase(row="go further", value="median"),
        "a short memory is asked for": Phrase(row="differ in questions", value="times as many"),
        **{
            one.name: Phrase(row="loses as long as it takes", value="requests")
            for one in PREDICTIONS
        },
    },
    line=Line(
        caption="share of requests that fail, each second (lower is better); failed in all, and "
        "how long after the loss the last of them was",
        plot=EACH_SECOND,
        ends=(End(said="{value} failed", measure=FAILED), End(said="{value}", measure=LAST_S)),
    ),
    questions=(
        Question(
            on="ignored",
            asks=f"the name is moved {MOVES_S} s after the loss, and may be remembered for "
            f"{SHORT_S} s; the last request is lost",
            choices=(
                choice(f"{MOVES_S} s after the loss", LAST_S, at_most=MOVES_S + 0.5),
                choice(
                    f"{MOVES_S + SHORT_S} s after it",
                    LAST_S,
                    at_least=MOVES_S + 1,
                    at_most=FOUND_S,
                ),
                choice(
                    "later: not everybody forgets when told to",
                    LAST_S,
                    at_least=FOUND_S + 1,
                    claim="some are lost for long",
                ),
            ),
        ),
    ),
)
