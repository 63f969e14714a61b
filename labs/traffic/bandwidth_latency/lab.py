"""Bandwidth against latency: when batches and packing help, and when they hurt."""

from harness.model import Lab, Measured, Service, on, ratio
from labs.traffic.bandwidth_latency.predictions import (
    BATCH, BUSY_RPS, EACH_SECOND, END_S, FAST_KBPS, FILE_KB, FILES, FIXED_S, ITEM_S, LATENCY, LEFT,
    PACK_S, PREDICTIONS, QUIET_RPS, SLOW_KBPS, entries, link,
)  # fmt: skip
from labs.traffic.bandwidth_latency.reading import READING

BUSY, QUIET = entries(BUSY_RPS), entries(QUIET_RPS)
SLOW, FAST = link(SLOW_KBPS), link(FAST_KBPS)
FULL, FREE = {"log.batch": BATCH}, {"log.batch": 10 * BATCH, "log.waits": False}
PACKED = {"files.packs": True}

LAB = Lab(
    title="Bandwidth against latency: batching and compression",
    question="When does batching or compressing help, and when does it hurt?",
    services=(
        Service("log", app="labs.traffic.bandwidth_latency.service_log",
                settings={"fixed_ms": 1000 * FIXED_S, "item_ms": 1000 * ITEM_S}),
        Service("screen", app="services.relay", calls=("files",), settings={"timeout_ms": 0}),
        Service("files", app="labs.traffic.bandwidth_latency.service_files",
                settings={"file_kb": FILE_KB, "left": LEFT, "pack_ms": 1000 * PACK_S}),
    ),
    load=BUSY,
    duration_s=END_S,
    faults=(),
    variants=(
        Measured("one-busy"),
        Measured("full-busy", FULL),
        Measured("free-busy", FREE),
        Measured("full-quiet", FULL, load=QUIET),
        Measured("free-quiet", FREE, load=QUIET),
        *(Measured(f"{how}-{width}", settings, load=FILES, distances=distance)
          for width, distance in (("slow", SLOW), ("fast", FAST))
          for how, settings in (("plain", {}), ("packed", PACKED))),
    ),
    expect=(
        on("one-busy", claim="the line grows without end", measure=LATENCY, at_least=1000,
           unlike=("full-busy", "free-busy")),
        on("full-busy", "free-busy", claim="a batch keeps up", measure=LATENCY,
           at_least=1000 * FIXED_S, at_most=200, unlike="one-busy"),
        on("full-quiet", claim="waits for ten who do not come", measure=LATENCY, at_least=300,
           unlike="free-quiet"),
        on("free-quiet", claim="waits for nobody", measure=LATENCY, at_least=1000 * FIXED_S,
           at_most=100, unlike="full-quiet"),
    ),
    across=(
        ratio("plain-slow", "packed-slow", claim="packing helps on a narrow link", measure=LATENCY,
              at_least=2),
        ratio("packed-fast", "plain-fast", claim="packing hurts on a wide link", measure=LATENCY,
              at_least=1.5),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
