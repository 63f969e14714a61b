"""Api styles: trips and bytes of a screen, when it is new and when it is seen again."""

from harness.model import (
    Distance, Lab, Measured, Paced, Send, Service, Together, noted, on, ratio,
)  # fmt: skip
from labs.traffic.api_styles.predictions import (
    AGAIN, AGAIN_AFTER_S, AGAIN_KB, CHANGING, CONNECTIONS, END_S, EVERY_S, FULL_KB, HEADER_KB, LINK,
    NEEDED_KB, NEW, NEW_KB, NEW_MS, PACKED_KB, PREDICTIONS, RATE_KBPS, RESOURCES, RTT_S,
    STYLES,
)  # fmt: skip
from labs.traffic.api_styles.reading import READING

ALL = tuple(STYLES)

LAB = Lab(
    title="REST, batch, GraphQL-style and RPC",
    question="One screen needs twelve resources: how many trips and bytes does each style take on "
    "a slow link?",
    services=(
        Service("mobile", app="labs.traffic.api_styles.service_mobile", calls=("api",),
                settings={"resources": RESOURCES, "changing": CHANGING,
                          "connections": CONNECTIONS, "outgoing.order": "cache",
                          "outgoing.cache.ttl_ms": 1000 * END_S}),
        Service("api", app="labs.traffic.api_styles.service_api",
                settings={"full_bytes": 1000 * FULL_KB, "needed_bytes": round(1000 * NEEDED_KB),
                          "packed_bytes": round(1000 * PACKED_KB),
                          "header_bytes": round(1000 * HEADER_KB), "rate_kbps": RATE_KBPS}),
    ),
    load=Together(of=tuple(
        Paced(rate_rps=1 / EVERY_S, to="mobile", start_s=start_s, keep_answers=True,
              mix=(Send(path=path),))
        for path, start_s in ((NEW, 0), (AGAIN, AGAIN_AFTER_S))
    )),
    duration_s=END_S,
    faults=(),
    distances=(Distance(("mobile",), ("api",), one_way_ms=round(500 * RTT_S)),),
    variants=tuple(Measured(name, {"mobile.style": style}) for name, style in STYLES.items()),
    expect=(
        on("in-turn", claim="takes two seconds and more", measure=NEW_MS, at_least=2000,
           unlike=ALL[1:]),
        on("parallel", "batch", claim="takes over a second", measure=NEW_MS, at_least=1000,
           unlike=ALL[3:]),
        on("graphql", "rpc", claim="is there in half a second", measure=NEW_MS, at_most=500,
           unlike=ALL[:3]),
        on("in-turn", "parallel", claim="asks only for what has changed", measure=AGAIN_KB,
           at_most=CHANGING * FULL_KB, unlike=ALL[2:]),
        noted("batch", claim="gets all of it again", measure=AGAIN_KB,
              at_least=RESOURCES * FULL_KB),
    ),
    across=(
        ratio("batch", "graphql", claim="fields that nobody shows", measure=NEW_KB, at_least=4),
    ),
    predict=PREDICTIONS,
    plots=(LINK,),
    reading=READING,
)  # fmt: skip
