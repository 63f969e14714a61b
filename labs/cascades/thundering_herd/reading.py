"""Reconnect storms in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.thundering_herd.predictions import (
    ALL_BACK_S,
    BACK_S,
    CALLS,
    CALLS_RPS,
    CAP_S,
    CLIENTS,
    CONNECTED,
    LOST_S,
    PAUSE_S,
    PREDICTIONS,
    SHARE_LATE,
    SHARE_SOON,
    SLOTS,
    WINDOW_S,
)

SOON = {"told": "had {value} of them back after eight seconds",
        "missed": "had {value} of them back after eight seconds"}  # fmt: skip
LATE = {
    "told": "had {value} of them back in the end",
    "missed": "had {value} of them back in the end",
}
AGAIN = {"told": "made {value} calls", "missed": "made {value} calls"}
TOOK = {
    "told": "had all of them back after {value}",
    "missed": "had all of them back after {value}",
}
LOCKED, ROUNDS, EVENLY, ONCE, NOBODY = PREDICTIONS

READING = Reading(
    opening=f"When all {CLIENTS} apps had lost their session for {BACK_S - LOST_S:.1f} s",
    variants={
        "steady": f"each app tries again after {PAUSE_S:g} s, always",
        "doubling": f"the pauses double, from {PAUSE_S:g} to {CAP_S:g} s",
        "jitter": "the same, and each is drawn between 0 and that",
        "spread": f"pauses are drawn from 0 to {WINDOW_S:g} s, the first as well",
        "bounded": f"as steady, and the gateway refuses what finds {SLOTS} in line",
    },
    phrases={
        "many are still out after eight seconds": Phrase(
            row="are still not well", value="back", **SOON
        ),
        "and nobody gets in any more": Phrase(row="stays that way", value="back", **LATE),
        "all are back after eight seconds": Phrase(row="are well", value="back", **SOON),
        "back as soon as can be": Phrase(row="is as quick as can be", value="after", **TOOK),
        "jitter from a short range on calls twice as often": Phrase(
            row="differ in calls", value="jitter / spread"
        ),
        LOCKED.name: Phrase(row="lets in one patience's worth", value="back", **LATE),
        ROUNDS.name: Phrase(
            row="is called in vain",
            value="calls",
            told="was called {value}",
            missed="was called {value}",
        ),
        EVENLY.name: Phrase(
            row="fills evenly",
            value="back",
            told="had {value} of them back after four seconds",
            missed="had {value} of them back after four seconds",
        ),
        ONCE.name: Phrase(row="calls once for each", value="calls", **AGAIN),
        NOBODY.name: Phrase(row="wastes no session", value="after", **TOOK),
    },
    line=Line(
        caption="apps that have a session, each second (higher is better); share that is back "
        "after eight seconds, time until all are, and sessions asked for in all",
        plot=CONNECTED,
        ends=(
            End(said="{value}", measure=SHARE_SOON),
            End(said="{value}", measure=ALL_BACK_S),
            End(said="{value}", measure=CALLS),
        ),
    ),
    questions=(
        Question(
            on="steady",
            asks=f"{CLIENTS} sessions are 3.8 s of work; back after 20 s are",
            choices=(
                choice("all of them", SHARE_LATE, at_least=0.9),
                choice("about half", SHARE_LATE, at_least=0.45, at_most=0.7),
                choice(
                    "a quarter, and no more will be",
                    SHARE_LATE,
                    at_most=0.4,
                    claim="and nobody gets in any more",
                ),
            ),
        ),
        Question(
            on="steady",
            asks="meanwhile the apps outside call the gateway, each second,",
            choices=(
                choice("hardly ever", CALLS_RPS, at_most=4),
                choice("as often as it can let in", CALLS_RPS, at_least=12, at_most=20),
                choice("twice as often", CALLS_RPS, at_least=28, at_most=36, claim=ROUNDS.name),
            ),
        ),
    ),
)
