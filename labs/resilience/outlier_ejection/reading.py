"""Outlier ejection in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.outlier_ejection.predictions import (
    BAD,
    BAD_PROBES,
    GOOD_PROBES,
    HALF,
    IN_A_ROW,
    SENT,
    SICK,
    STRICT,
)

TURNS = plots.each_second({"share": SENT}, title=f"Share of the requests that {SICK} gets")
LOST = {"told": "lost {value} of all requests", "missed": "lost {value} of all requests"}

READING = Reading(
    opening=f"While every other request to {SICK} failed",
    variants={
        "shallow": "probes of /healthz",
        "deep": f"probes of /: out after {BAD_PROBES} bad ones, in after {GOOD_PROBES} good one",
        "strict": f"probes of /: out after {BAD_PROBES} bad ones, in after {STRICT} good ones",
        "in-a-row": f"shallow, and out for a while after {IN_A_ROW} failed requests in a row",
    },
    phrases={
        "the probes see nothing": Phrase(row="sees nothing", value="failed", **LOST),
        "it is let in again and again": Phrase(row="lets it in again", value="failed", **LOST),
        "it is out for most of the time": Phrase(row="keep it out", value="failed", **LOST),
        "the others take its turns": Phrase(row="hand its turns on", value="calls a request"),
        "its turn, half of it lost": Phrase(row="loses half of a turn", value="failed"),
        "in for seven eighths of the time": Phrase(row="is in for 7/8", value="calls a request"),
        "six requests for two failures in a row": Phrase(
            row="needs six requests", value="for each ejection"
        ),
    },
    line=Line(
        caption=f"requests to {SICK} each second (lower is better once it is sick); its share of "
        "them, and how many of all requests fail",
        plot=TURNS,
        ends=(End(said="{value}", measure=SENT), End(said="{value}", measure=BAD)),
    ),
    questions=(
        Question(
            on="deep",
            asks="deep probes fail every other time, as requests do; of all requests it loses",
            choices=(
                choice("none to speak of", BAD, at_most=HALF / 5),
                choice(
                    "2 or 3 in 100: it is out most of the time",
                    BAD,
                    at_least=HALF / 4,
                    at_most=0.75 * HALF,
                ),
                choice(
                    "nearly 9 in 100, where no check at all loses 10",
                    BAD,
                    at_least=HALF,
                    claim="it is let in again and again",
                ),
            ),
        ),
    ),
)
