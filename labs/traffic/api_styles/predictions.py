"""What theory says of a screen in five styles, from the lab's own numbers."""

from harness.measures import latency_ms, plots
from harness.model import predict
from harness.theory import networks, trips
from labs.traffic.api_styles.measures import kilobytes_of

STYLES = {
    "in-turn": "in-turn",
    "parallel": "parallel",
    "batch": "batch",
    "graphql": "query",
    "rpc": "screen",
}
"""The variants, and how the service calls what each of them does."""
RESOURCES, CHANGING, CONNECTIONS = 12, 1, 6
FULL_KB, NEEDED_KB, PACKED_KB, HEADER_KB = 4, 0.8, 0.5, 0.5
RTT_S, RATE_KBPS = 0.2, 50
EVERY_S, AGAIN_AFTER_S, END_S = 6, 4, 24
WINDOW = (0, END_S - 1)
NEW, AGAIN = "/new", "/again"
NEW_MS, AGAIN_MS = (latency_ms(0.5, *WINDOW, path=path) for path in (NEW, AGAIN))
NEW_KB, AGAIN_KB = (kilobytes_of(path, *WINDOW) for path in (NEW, AGAIN))
LINK = plots.rate("sent_bytes_total", title="Bytes sent")
LEFT_OUT_S = 0.03
WAY = "the way through the machines themselves, up to 30 ms in all"


def screen_s(requests: int, connections: int, answer_kb: float) -> float:
    """Give how long so many alike requests take, by the size of an answer without its headers."""
    sent_s = networks.transfer_s(size_mb=(answer_kb + HEADER_KB) / 1000, rate_mb_s=RATE_KBPS / 1000)
    return trips.screen_s(requests=requests, connections=connections, rtt_s=RTT_S, sent_s=sent_s)


IN_TURN_S = screen_s(RESOURCES, 1, FULL_KB)
PARALLEL_S = screen_s(RESOURCES, CONNECTIONS, FULL_KB)
BATCH_S = screen_s(1, 1, RESOURCES * FULL_KB)
QUERY_S = screen_s(1, 1, RESOURCES * NEEDED_KB)
PACKED_S = screen_s(1, 1, RESOURCES * PACKED_KB)
KEPT_S = screen_s(CHANGING, CONNECTIONS, FULL_KB)
"""A screen of which all but what has changed is in the phone."""

LAW = "theory:screen-trips"
KEPT_ALSO = {"in-turn": "one resource in turn is one at a time", "rpc": "0.33 s, by chance as long"}
PREDICTIONS = tuple(
    predict(
        name,
        measure,
        on=on,
        equals=1000 * figure_s,
        model=max(0.05, LEFT_OUT_S / figure_s),
        leaves_out=WAY,
        also=also,
        source=LAW,
        because=because,
    )
    for name, measure, on, figure_s, also, because in (
        ("twelve trips", NEW_MS, "in-turn", IN_TURN_S, {}, "12 x (200 ms + 4.5 kB / 50 kB/s)"),
        ("a link that is full", NEW_MS, "parallel", PARALLEL_S, {},
         "200 ms + 12 x 4.5 kB / 50 kB/s"),
        ("one trip, as many bytes", NEW_MS, "batch", BATCH_S, {}, "200 ms + 48.5 kB / 50 kB/s"),
        ("one trip, a fifth of the bytes", NEW_MS, "graphql", QUERY_S, {},
         "200 ms + 10.1 kB / 50 kB/s"),
        ("one trip, an eighth of the bytes", NEW_MS, "rpc", PACKED_S, {},
         "200 ms + 6.5 kB / 50 kB/s"),
        ("what has changed", AGAIN_MS, "parallel", KEPT_S, KEPT_ALSO,
         "200 ms + 4.5 kB / 50 kB/s: eleven of twelve are in the phone"),
    )
)  # fmt: skip
