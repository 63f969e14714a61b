"""What was let through, refused or late, from requests and calls made by hand."""

import math

from harness.recording import Request, trace_id
from labs.resilience.rate_limiting.measures import late_ratio, most_let_through, refused_ratio
from services.tracing import Span
from tests.support import recording, request


def asked(number: int, at_s: float, *, path: str = "/a", status: str = "200") -> Request:
    """Make a request for a path."""
    return request(number, at_s, status=status)._replace(path=path)


TIMES_S = (0.0, 1.0, 1.5, 2.0, 2.9, 5.0, 6.0)


def call(number: int, at_s: float, *, kind: str = "client", callee: str = "db") -> Span:
    """Make the call that a request causes."""
    return Span(trace_id(0, number), f"c{number}", "", kind, "api", callee, 1, at_s, 9, "200")


MADE = recording(
    [asked(number, 0.0, path="/b" if number == 7 else "/a") for number in range(8)],
    spans=[
        *(call(number, at_s) for number, at_s in reversed(list(enumerate(TIMES_S)))),
        *(call(0, 1.1, kind="server"), call(0, 1.2, callee="counter"), call(7, 1.3)),
    ],
)


def test_the_fullest_span_counts_wherever_it_begins() -> None:
    """Its end is not within it: two calls that lie a span apart are in none together."""
    assert most_let_through(1, "/a", "db", 0, 10).of(MADE) == 2
    assert most_let_through(2, "/a", "db", 0, 10).of(MADE) == 4
    assert most_let_through(2.5, "/a", "db", 0, 10).of(MADE) == 4
    assert most_let_through(10, "/a", "db", 0, 10).of(MADE) == 7


def test_only_calls_that_begin_in_the_window_count() -> None:
    """In each second of a plot, those of that second; none is none."""
    most = most_let_through(1, "/a", "db", 0, 1)
    assert most.over is not None
    assert [most.over(at_s, at_s + 1).of(MADE) for at_s in range(4)] == [1, 2, 2, 0]


def test_only_calls_to_the_callee_for_the_path_count() -> None:
    """What was refused made none; where nobody ever called there is nothing to measure."""
    assert most_let_through(10, "/b", "db", 0, 10).of(MADE) == 1
    found = most_let_through(10, "/a", "disk", 0, 10).read(MADE)
    assert math.isnan(found.value)
    assert found.missing == "no call to disk in the whole run"


STATUSES = ("200", "429", "timeout", "502", "429", "200", "200", "429")
MIXED = recording(
    [
        *(asked(number, number / 4, status=status) for number, status in enumerate(STATUSES)),
        asked(8, 0.1, path="/b", status="429"),
    ]
)


def test_what_is_refused_is_not_late() -> None:
    """Late is whatever else was not served."""
    assert refused_ratio("/a", 0, 2).of(MIXED) == 3 / 8
    assert late_ratio("/a", 0, 2).of(MIXED) == 2 / 8
    assert late_ratio("/a", 0, 1).of(MIXED) == 2 / 4


def test_others_do_not_count() -> None:
    """Only requests whose path begins with the one that is named."""
    assert refused_ratio("/b", 0, 2).of(MIXED) == 1
    assert late_ratio("/b", 0, 2).of(MIXED) == 0


def test_of_nobody_there_is_no_share() -> None:
    """As where a path is misspelt."""
    found = late_ratio("/c", 0, 2).read(MIXED)
    assert math.isnan(found.value)
    assert found.missing == "no request for /c was due in 0-2 s"
