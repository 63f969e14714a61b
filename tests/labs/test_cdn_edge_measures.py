"""Fetches, hits and misses, from counters, requests and spans made by hand."""

import math
from dataclasses import replace

from harness.recording import SeriesKey, trace_id
from labs.traffic.cdn_edge.measures import fetches, hit_ratio, miss_ms
from services.tracing import Span
from tests.support import recording, request


def called(  # noqa: PLR0913 - a span
    number: int, caller: str, callee: str, start_s: float, end_s: float, status: str = "200"
) -> Span:
    """Make a call."""
    span = f"{caller}-{number}"
    return Span(trace_id(0, number), span, "", "client", caller, callee, 1, start_s, end_s, status)


def routed(host: str, node: str) -> SeriesKey:
    """Name a cache's counter of what it has asked a node for."""
    return SeriesKey(host, "routed_total", f'node="{node}"')


MADE = replace(
    recording(
        [request(number, float(number)) for number in range(8)],
        spans=[
            *(called(0, "sydney", "origin", 0.0, 0.4), called(1, "sydney", "shield", 1.0, 1.2)),
            *(called(2, "sydney", "origin", 2.0, 2.9), called(3, "new-york", "origin", 2.0, 2.1)),
            *(
                called(4, "sydney", "origin", 6.0, 6.5),
                called(5, "sydney", "origin", 3.0, 3.0, "503"),
            ),
        ],
    ),
    series={
        routed("sydney", "origin"): [1, 1, 2, 2, 2, math.nan],
        routed("new-york", "origin"): [math.nan, 0, 1, 1, 1, 1],
        routed("sydney", "shield"): [0, 1, 1, 1, 1, 1],
        routed("shield", "origin"): [math.nan] * 6,
    },
)


def test_fetches_count_from_before_the_first_sample_to_the_last_that_is_known() -> None:
    """Those of all caches, and none that went elsewhere."""
    assert fetches().of(MADE) == 3
    assert hit_ratio().of(MADE) == 5 / 8
    nobody = hit_ratio().read(replace(MADE, requests=[]))
    assert math.isnan(nobody.value)
    assert nobody.missing == "there were no visitors"


def test_a_miss_takes_what_the_edge_s_call_takes() -> None:
    """The quickest of those that begin in the window and are answered well, whoever was called."""
    assert round(miss_ms("sydney", 0, 5).of(MADE)) == 200
    assert miss_ms("sydney", 0, 1).of(MADE) == 400
    assert round(miss_ms("sydney", 2, 5).of(MADE)) == 900
    assert round(miss_ms("new-york", 0, 5).of(MADE)) == 100
    none = miss_ms("new-york", 3, 5).read(MADE)
    assert math.isnan(none.value)
    assert none.missing == "new-york got no good answer to what it asked in 3-5 s"
