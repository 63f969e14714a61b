"""Realtime push in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.realtime_push.predictions import (
    ASKED_RPS,
    HELD,
    LAPTOPS,
    LOST,
    PEOPLE,
    PING_S,
    POLL_S,
    PREDICTIONS,
    WAIT_S,
)

TRUST = {"told": "kept the trust of {value} desks", "missed": "kept the trust of {value} desks"}
WROTE = {
    "told": "wrote {value} to nobody",
    "missed": "wrote {value} to nobody",
}

READING = Reading(
    opening=f"With {LAPTOPS} of {PEOPLE} asleep",
    variants={
        "events": "server-sent events",
        "heartbeats": f"an empty line every {PING_S} s as well",
        "sockets": f"WebSockets, and a ping every {PING_S} s",
        "long-polling": f"answered at a message, or after {WAIT_S} s",
        "polling": f"asked every {POLL_S} s",
        "mute-hub": "it is the hub that stands still",
        "mute-hub-beats": "the same, with heartbeats",
    },
    phrases={
        "writes to those who sleep": Phrase(row="write to nobody", value="of messages", **WROTE),
        "writes to those who are awake": Phrase(
            row="write to those awake", value="to nobody", **WROTE
        ),
        "nobody hears that nothing comes": Phrase(
            row="is trusted all the same", value="desks", **TRUST
        ),
        "the desks notice": Phrase(row="is noticed", value="desks", **TRUST),
        "the desks trusted the hub before": Phrase(row="are trusted before", value="desks"),
        "asks for nothing while idle": Phrase(row="ask for nothing", value="requests"),
        "is told at once": Phrase(row="tell at once", value="a message's age"),
        PREDICTIONS[0].name: Phrase(row="asks in each period", value="requests"),
        PREDICTIONS[1].name: Phrase(row="asks for each wait", value="requests"),
        PREDICTIONS[2].name: Phrase(row="is half a period late", value="a message's age"),
        PREDICTIONS[3].name: Phrase(row="writes as if all were awake", value="of messages"),
        PREDICTIONS[4].name: Phrase(row="closes what is silent", value="each after"),
    },
    line=Line(
        caption="connections held for the laptops, each second; messages written to nobody, and "
        "requests a second before",
        plot=HELD,
        ends=tuple(End(said="{value}", measure=one) for one in (LOST, ASKED_RPS)),
    ),
    questions=(
        Question(
            on="heartbeats",
            asks=f"{LAPTOPS} laptops are closed, and the hub goes on to write an empty line to "
            f"each every {PING_S} s; of its messages it then writes to nobody",
            choices=(
                choice("none: the first line that is not answered tells it", LOST, at_most=0.05),
                choice("a few, until it has missed some lines", LOST, at_least=0.06, at_most=0.15),
                choice(
                    "all that are for them, until the end: no line is ever answered",
                    LOST,
                    at_least=0.2,
                    claim="writes to those who sleep",
                ),
            ),
        ),
    ),
)
