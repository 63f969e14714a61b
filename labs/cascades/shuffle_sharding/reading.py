"""Shuffle sharding in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.shuffle_sharding.predictions import FIRST, LOST, LOST_LATER, SIZE

LOST_PLOT = plots.each_second({"lost": LOST}, title="Share of the other customers' requests lost")
LOSES = {"told": "lost {value} of the others", "missed": "lost {value} of the others"}

READING = Reading(
    opening="With a customer who crashes workers",
    variants={
        "cells": f"cells of {SIZE} workers, both tried",
        "one-try": f"{SIZE} workers drawn for each customer, one tried",
        "shards": "as one-try, both tried",
        "quarantine": "one pool, closed to a customer after three errors",
    },
    phrases={
        "a part of the others is lost": Phrase(row="lose many others", value="lost", **LOSES),
        "few others are lost": Phrase(row="loses few others", value="lost", **LOSES),
        "all are well after a restart": Phrase(
            row="is well after a restart",
            value="lost later",
            told="lost {value} after a restart",
            missed="lost {value} after a restart, too",
        ),
        "until then some are lost": Phrase(row="loses some until then", value="lost at first"),
        "a cell of four is lost": Phrase(row="loses a cell", value="lost"),
        "a shard and one try lose as much": Phrase(row="loses as much as a cell", value="lost"),
        "its first try fails as often as in a cell": Phrase(
            row="fails many first tries", value="failed"
        ),
        "only customers with the same two workers are lost": Phrase(
            row="loses one in 28", value="lost"
        ),
    },
    line=Line(
        caption="share of others lost each second (zero is best); lost, first tries lost, lost "
        "later",
        plot=LOST_PLOT,
        ends=(
            End(said="{value}", measure=LOST),
            End(said="{value}", measure=FIRST),
            End(said="{value}", measure=LOST_LATER),
        ),
    ),
    questions=(
        Question(
            on="one-try",
            asks="each customer has 2 of 8 workers, two are dead, a request tries one: lost are",
            choices=(
                choice("one in 28", LOST, at_most=0.08),
                choice(
                    "a quarter, as in cells",
                    LOST,
                    at_least=0.15,
                    at_most=0.35,
                    claim="a shard and one try lose as much",
                ),
                choice("half", LOST, at_least=0.4, at_most=0.6),
            ),
        ),
        Question(
            on="shards",
            asks="now a request tries both of its customer's workers: lost are",
            choices=(
                choice("one in 28", LOST, at_most=0.1, claim="few others are lost"),
                choice("one in 8", LOST, at_least=0.11, at_most=0.14),
                choice("a quarter, as in cells", LOST, at_least=0.15),
            ),
        ),
    ),
)
