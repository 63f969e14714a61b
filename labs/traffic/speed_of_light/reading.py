"""The speed of light in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.speed_of_light.predictions import (
    EACH_SECOND,
    FAR,
    FARTHER,
    NEAR,
    PAGE_MS,
    PREDICTIONS,
    ROUNDS,
)

TOOK = {"told": "took {value}", "missed": "took {value}"}
FARTHEST = PREDICTIONS[2]

READING = Reading(
    opening=f"With {ROUNDS} questions to a store, one after the other",
    variants={
        **{place.name: f"the store is {place.km:,} km away" for place in (NEAR, FAR, FARTHER)},
        "faster": "as far, and a store that is twice as fast",
        "together": "as far, and all in one question",
        "moved": "as far, and the page is made beside the store",
    },
    phrases={
        **{one.name: Phrase(row="takes its trips", value="a page", **TOOK) for one in PREDICTIONS},
        "over a second for 0.4 s of work": Phrase(row="is slow", value="a page", **TOOK),
        "within three quarters of a second": Phrase(row="is quick", value="a page", **TOOK),
        "a faster store is no help": Phrase(row="stays slow", value="a page", **TOOK),
    },
    line=Line(
        caption="median time of a page, each second (lower is better); of all",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=PAGE_MS),),
    ),
    questions=(
        Question(
            on="farther",
            asks="20 questions, 20 ms of work each, and 15,000 km of glass: a page takes",
            choices=(
                choice("0.4 s: light is quick", PAGE_MS, at_most=500),
                choice("a second", PAGE_MS, at_least=501, at_most=1500),
                choice(
                    "3 s",
                    PAGE_MS,
                    at_least=FARTHEST.bound.at_least,
                    at_most=FARTHEST.bound.at_most,
                    claim=FARTHEST.name,
                ),
            ),
        ),
    ),
)
