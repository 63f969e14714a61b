"""Consistent hashing in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.consistent_hashing.predictions import DATABASE, LARGEST, MOVED, NODES

FETCHED_PLOT = plots.calls_to(DATABASE, title="Calls to the database")
FETCH = {"told": "fetched {value} calls a request anew", "missed": "fetched {value} anew"}
HAS = {
    "told": "gave one node {value} of the load",
    "missed": "gave one node {value} of the load",
}
MOVES = {"told": "moved {value} of the keys", "missed": "moved {value} of the keys"}

READING = Reading(
    opening=f"When one of {NODES} nodes left",
    variants={
        "modulo": "the hash's remainder says which node has a key",
        "ring-1": "a ring, each node on one place",
        "ring-10": "each on 10",
        "ring-150": "each on 150",
        "spare": "the remainder, and a spare node takes the place",
    },
    phrases={
        "most of what is asked for is fetched anew": Phrase(
            row="fetches most anew", value="calls per request", **FETCH
        ),
        "most stays where it was": Phrase(row="fetch little", value="per request", **FETCH),
        "one node of five has half of the load": Phrase(
            row="gives one node half", value="largest part", **HAS
        ),
        "no node has twice its part": Phrase(row="is fairly even", value="largest part", **HAS),
        "no node has half as much again": Phrase(row="is even", value="largest part", **HAS),
        "few were new before": Phrase(row="had most before", value="calls per request"),
        "four of five keys move": Phrase(row="moves most keys", value="moved", **MOVES),
        "one of five keys moves": Phrase(row="moves few keys", value="moved", **MOVES),
    },
    line=Line(
        caption="calls to the database each second (fewer is better); keys that moved, and the "
        "largest part of a node before",
        plot=FETCHED_PLOT,
        ends=(End(said="{value}", measure=MOVED), End(said="{value}", measure=LARGEST)),
    ),
    questions=(
        Question(
            on="modulo",
            asks="five nodes, a key is at node hash mod 5; one node leaves: keys that move",
            choices=(
                choice("20 %, what it had", MOVED, at_most=0.35),
                choice("50 %", MOVED, at_least=0.4, at_most=0.6),
                choice("80 %", MOVED, at_least=0.68, at_most=0.92, claim="four of five keys move"),
            ),
        ),
        Question(
            on="ring-1",
            asks="on a ring, five nodes on one place each: the largest has",
            choices=(
                choice("20 % of the load", LARGEST, at_most=0.25),
                choice("30 %", LARGEST, at_least=0.26, at_most=0.38),
                choice(
                    "half of it",
                    LARGEST,
                    at_least=0.4,
                    claim="one node of five has half of the load",
                ),
            ),
        ),
    ),
)
