"""Plots: which requests, calls and samples a curve counts, and to which second."""

import math

import pytest

from harness.measures.plots import calls_to, counts, failures_by_host, goodput_by_path, rate
from harness.model.expect import Plot, Reads
from harness.recording import Recording, Request, SeriesKey
from services.tracing import Span
from tests.support import recording


def asked(number: int, at_s: float, path: str, to: str, status: str = "200") -> Request:
    """Make a request that is answered half a second later."""
    return Request(number, path, at_s, at_s, at_s + 0.5, status, "GET", to, "")


def span(kind: str, callee: str, start_s: float) -> Span:
    return Span("t", f"{kind}{start_s}", "", kind, "x", callee, 1, start_s, 9, "200")


def made() -> Recording:
    """Two and a half seconds: three curves' worth of each kind of thing."""
    requests = [
        asked(0, 0.25, "/a", "x"),
        asked(1, 0.75, "/a", "y", "500"),
        asked(2, 1.75, "/b", "x"),
        asked(3, 2.25, "/b", "x", "500"),
        asked(4, 0.5, "/a", "z", "500"),
    ]
    spans = [
        span("client", "db", 0.5),
        span("client", "db", 2.25),
        span("server", "db", 0.5),
        span("client", "other", 0.5),
    ]
    found = recording(requests, spans=spans, duration_s=2.5)
    found.series[SeriesKey("h", "hits", 'result="miss"')] = [0, 1, 3, 3]
    found.series[SeriesKey("i", "hits", 'result="miss"')] = [0, 10, 0, 5]
    found.series[SeriesKey("h", "hits", 'result="hit"')] = [0, 100, 200, 300]
    found.series[SeriesKey("h", "sets", 'result="miss"')] = [0, 100, 200, 300]
    return found


CASES: list[tuple[Plot, Reads, dict[str, list[float]]]] = [
    (goodput_by_path(), Reads(), {"/a": [1, 0, 0], "/b": [0, 0, 1]}),
    (failures_by_host("x", "y"), Reads(hosts=("x", "y")), {"x": [0, 0, 1], "y": [1, 0, 0]}),
    (calls_to("db", title="Calls"), Reads(callees=("db",)), {"db": [1, 0, 1]}),
    (rate("hits", title="R", labels='"miss"'), Reads(metrics=("hits",)), {"R": [11, 2, 5]}),
]


@pytest.mark.parametrize(("plot", "reads", "curves"), CASES, ids=lambda case: str(case)[:20])
def test_a_curve_counts_its_own_by_the_second(
    plot: Plot, reads: Reads, curves: dict[str, list[float]]
) -> None:
    """The last second may be a part of one; a plot says what it reads, and in which unit."""
    assert plot.of(made()) == curves
    assert plot.reads == reads
    assert plot.unit == "/s"
    assert plot.title


def test_what_falls_outside_the_run_is_not_drawn() -> None:
    """Before its start or from its end on, as an answer may that came late."""
    moments = [-0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 9.0, math.inf]
    assert counts(moments, recording(duration_s=2)) == [2, 1]
    assert counts(moments, recording(duration_s=2.5)) == [2, 1, 1]
