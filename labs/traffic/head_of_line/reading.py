"""Head-of-line blocking in words: the claims, the variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.head_of_line.predictions import (
    LATE_LOSSY,
    LATE_SLOW,
    LIMIT_S,
    RATE,
    RESEND_S,
    SIX,
)

EACH_SECOND = plots.each_second({"late": LATE_LOSSY}, title="Share of answers that come late")
SLOW = {"told": "had {value} late beside slow ones", "missed": "had {value} late beside slow ones"}
LOSS = {"told": "had {value} late beside lost ones", "missed": "had {value} late beside lost ones"}

READING = Reading(
    opening="Of the answers",
    variants={
        "pipelined": "one connection, answers in the order of the requests (HTTP/1.1)",
        "multiplexed": "one connection, answers as they are there (HTTP/2)",
        "six": f"{SIX} connections, one request at a time on each (HTTP/1.1)",
        "streams": "one connection, and no answer waits for a lost one (HTTP/3)",
    },
    phrases={
        "slow answers hold up the others": Phrase(row="waits for slow ones", value="late", **SLOW),
        "lost answers hold up the others": Phrase(row="wait for lost ones", value="late", **LOSS),
        "lost answers hold up hardly any other": Phrase(
            row="hardly wait for lost ones", value="late", **LOSS
        ),
        "what is slow or lost is late itself": Phrase(row="are late in all", value="late"),
        "quick answers come past slow ones": Phrase(row="wait for no slow one", value="late"),
        "who is behind a slow answer is late": Phrase(row="waits for slow ones", value="late"),
        "who is behind a lost answer is late": Phrase(row="waits for lost ones", value="late"),
        "late is what was lost itself": Phrase(row="loses its own alone", value="late"),
    },
    line=Line(
        caption=f"answers later than {1000 * LIMIT_S:g} ms each second (lower is better); beside "
        "slow ones, and beside lost ones",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=LATE_SLOW), End(said="{value}", measure=LATE_LOSSY)),
    ),
    questions=(
        Question(
            on="multiplexed",
            asks=f"{RATE} answers a second share a connection; one in ten is lost, and comes "
            f"{1000 * RESEND_S:g} ms later. Late are",
            choices=(
                choice("one in ten: those that are lost", LATE_LOSSY, at_most=0.15),
                choice("one in five", LATE_LOSSY, at_least=0.16, at_most=0.25),
                choice(
                    "most of them",
                    LATE_LOSSY,
                    at_least=0.3,
                    claim="lost answers hold up the others",
                ),
            ),
        ),
    ),
)
