"""Requests for each ejection, from recordings made by hand."""

import math

from harness.recording import Recording, SeriesKey
from labs.resilience.outlier_ejection.measures import TAKEN_OUT, requests_per_ejection
from services.tracing import Span
from tests.support import recording, request


def made(times_out: float) -> Recording:
    """Make ten requests, the even ones to `sick`, and two probes of it that belong to none."""
    traces = [f"{number:032x}" for number in (0, 2, 4, 6, 8, 900, 901)]
    spans = [
        Span(trace, f"c{place}", "", "client", "front", "sick", 1, place, place + 0.1, "200")
        for place, trace in enumerate(traces)
    ]
    seen = recording([request(number, number) for number in range(10)], spans=spans)
    out = [0.0] * 4 + [times_out] * 7
    seen.series = {
        SeriesKey("front", TAKEN_OUT, 'callee="sick",why="failures"'): out,
        SeriesKey("front", TAKEN_OUT, 'callee="well",why="failures"'): [0.0, *[3.0] * 10],
    }
    return seen


def test_requests_are_shared_by_the_ejections_of_that_one() -> None:
    """Probes are no requests, and another one's ejections do not count."""
    assert requests_per_ejection("sick", 0, 10).of(made(2)) == 5 / 2
    assert requests_per_ejection("sick", 3, 7).of(made(2)) == 2 / 2


def test_without_an_ejection_there_is_nothing_to_measure() -> None:
    """Also where one came before the window."""
    for window, times_out in (((0, 10), 0), ((5, 9), 2)):
        found = requests_per_ejection("sick", *window).read(made(times_out))
        assert math.isnan(found.value)
        assert found.missing.startswith("sick was never taken out in")
