"""Cells in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.cell_architecture.predictions import (
    A_CELL,
    CELLS,
    LATER_S,
    LOST_LATER,
    MOST,
    MOVED_S,
    SETTLED_S,
    WHOLE,
)  # fmt: skip

LOST_PLOT = plots.each_second({"lost": WHOLE}, title="Share of the other users' requests lost")
FELT = {"told": "lost {value} of the users", "missed": "lost {value} of the users"}

READING = Reading(
    opening="With one tenant that is too heavy",
    variants={
        "pool": "any user, any app, each with its own database",
        "shared-database": f"{CELLS} cells of apps, and any database",
        "spill": "cells, and what fails in one is tried in another",
        "cells": f"{CELLS} cells, each an app and a database",
        "moved": f"as cells, and the heavy tenant is moved to a spare cell at {MOVED_S} s",
    },
    phrases={
        "all users feel it": Phrase(row="lose nearly all users", value="lost", **FELT),
        "one cell feels it": Phrase(row="lose one cell", value="lost", **FELT),
        "all are well once it is alone": Phrase(
            row="is well once it is alone",
            value="lost later",
            told="lost {value} after the move",
            missed="lost {value} after the move, too",
        ),
        "until then a cell is lost": Phrase(row="loses a cell until then", value="lost at first"),
        "one cell of four": Phrase(row="loses a quarter", value="lost"),
        "a shared database is one cell": Phrase(row="is one cell", value="lost"),
    },
    line=Line(
        caption=f"share of users lost each second (zero is best); lost from {SETTLED_S} s on, "
        f"from {LATER_S} s on",
        plot=LOST_PLOT,
        ends=(End(said="{value}", measure=WHOLE), End(said="{value}", measure=LOST_LATER)),
    ),
    questions=(
        Question(
            on="spill",
            asks="each cell has its own database; what fails in a cell tries another; lost are",
            choices=(
                choice("none: other cells have room", WHOLE, at_most=0.02),
                choice("a quarter: one cell", WHOLE, at_least=0.1, at_most=A_CELL),
                choice("nearly all", WHOLE, at_least=MOST, claim="all users feel it"),
            ),
        ),
        Question(
            on="shared-database",
            asks="four cells of apps, one pool of databases; lost are",
            choices=(
                choice("a quarter: one cell", WHOLE, at_most=A_CELL),
                choice("half", WHOLE, at_least=0.45, at_most=0.55),
                choice("nearly all", WHOLE, at_least=MOST, claim="all users feel it"),
            ),
        ),
    ),
)
