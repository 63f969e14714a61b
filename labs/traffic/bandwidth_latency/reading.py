"""Batches, links and packing in words: the lab's claims, its variants, and its questions."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.bandwidth_latency.predictions import (
    BATCH,
    BUSY_RPS,
    EACH_SECOND,
    FAST_KBPS,
    LATENCY,
    PREDICTIONS,
    QUIET_RPS,
    SLOW_KBPS,
)

TOOK = {"told": "took {value}", "missed": "took {value}"}

READING = Reading(
    opening="Half of the entries, or files",
    variants={
        "one-busy": f"one at a time, {BUSY_RPS} entries a second",
        "full-busy": f"batches of {BATCH}",
        "free-busy": "whatever is there",
        "full-quiet": f"batches of {BATCH}, {QUIET_RPS} entries a second",
        "free-quiet": "whatever is there",
        "plain-slow": f"a file over {SLOW_KBPS} kB/s",
        "packed-slow": "packed",
        "plain-fast": f"over {FAST_KBPS // 1000} MB/s",
        "packed-fast": "packed",
    },
    phrases={
        "the line grows without end": Phrase(row="never catches up", value="median", **TOOK),
        "a batch keeps up": Phrase(row="keep up", value="median", **TOOK),
        "waits for ten who do not come": Phrase(row="waits for ten", value="median", **TOOK),
        "waits for nobody": Phrase(row="waits for nobody", value="median", **TOOK),
        "packing helps on a narrow link": Phrase(row="packing helps", value="times as long"),
        "packing hurts on a wide link": Phrase(row="packing hurts", value="times as long"),
        **{one.name: Phrase(row="takes so long", value="median", **TOOK) for one in PREDICTIONS},
    },
    line=Line(
        caption="median time until it is done, by the second in which it was asked for (lower is "
        "better); of all",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=LATENCY),),
    ),
    questions=(
        Question(
            on="full-quiet",
            asks="ten entries a second, written eleven at a time in 31 ms: half of them take",
            choices=(
                choice("30 ms", LATENCY, at_most=60),
                choice("100 ms", LATENCY, at_least=61, at_most=200),
                choice(
                    "half a second", LATENCY, at_least=300, claim="waits for ten who do not come"
                ),
            ),
        ),
        Question(
            on="one-busy",
            asks="an entry takes 21 ms, and 100 come a second: who comes in second 7 waits",
            choices=(
                choice("42 ms, for one before it", LATENCY, at_most=100),
                choice("half a second", LATENCY, at_least=101, at_most=900),
                choice("7 s", LATENCY, at_least=1000, claim="the line grows without end"),
            ),
        ),
    ),
)
