"""Chatty queries in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.chatty_queries.predictions import (
    ASKED_RPS,
    EACH_SECOND,
    FAILED,
    FEW,
    MORE,
    ORDERS,
    PAGE_MS,
    PREDICTIONS,
)

REFUSED = {"told": "refused {value} of its pages", "missed": "refused {value} of its pages"}
TOOK = {"told": "took {value} for a page", "missed": "took {value} for a page"}
ASKED = {"told": "was asked for {value}", "missed": "was asked for {value}"}

READING = Reading(
    opening="While the database was 60 ms away",
    variants={
        "row-by-row": f"a query for {ORDERS} orders, one for each customer, {FEW} connections",
        "more-connections": f"the same, and {MORE} connections",
        "in-list": "a query for the orders, and one for all customers",
        "replica": "row by row, and the customers are in a copy beside the shop",
    },
    phrases={
        "refuses a fifth of its pages and more": Phrase(
            row="refuses pages", value="refused", **REFUSED
        ),
        "shows its pages": Phrase(row="show their pages", value="refused", **REFUSED),
        "is quick as well": Phrase(row="are quick", value="a page", **TOOK),
        "asked for more before": Phrase(row="asked for more before", value="queries a second"),
        PREDICTIONS[0].name: Phrase(row="serves what its connections can", value="pages a second"),
        PREDICTIONS[1].name: Phrase(
            row="asks the database for less", value="queries a second", **ASKED
        ),
        **{
            one.name: Phrase(row="takes its trips", value="a page", **TOOK)
            for one in PREDICTIONS[2:]
        },
    },
    line=Line(
        caption="share of pages refused, each second (lower is better); of all, a page's median "
        "time, and queries to the database a second",
        plot=EACH_SECOND,
        ends=(
            End(said="{value}", measure=FAILED),
            End(said="{value}", measure=PAGE_MS),
            End(said="{value}", measure=ASKED_RPS),
        ),
    ),
    questions=(
        Question(
            on="row-by-row",
            asks="77 queries a second, 60 ms of distance for each, and a database that is hardly "
            "busy: pages that are refused",
            choices=(
                choice("none: each page takes a little longer", FAILED, at_most=0.02),
                choice("one in twenty", FAILED, at_least=0.03, at_most=0.1),
                choice(
                    "a fifth and more",
                    FAILED,
                    at_least=0.2,
                    claim="refuses a fifth of its pages and more",
                ),
            ),
        ),
    ),
)
