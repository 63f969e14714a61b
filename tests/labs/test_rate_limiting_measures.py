"""What was let through at most, and who was refused or late, from requests made by hand."""

import math

from harness.recording import Request
from labs.resilience.rate_limiting.measures import late_ratio, most_let_through, refused_ratio
from tests.support import recording, request


def asked(number: int, at_s: float, *, path: str = "/a", status: str = "200") -> Request:
    """Make a request for a path."""
    return request(number, at_s, status=status)._replace(path=path)


TIMES_S = (0.0, 1.0, 1.5, 2.0, 2.9, 5.0, 6.0)
MADE = recording([asked(number, at_s) for number, at_s in enumerate(TIMES_S)])


def test_the_fullest_span_counts_wherever_it_begins() -> None:
    """Its end is not within it: two requests that lie a span apart are in none together."""
    assert most_let_through(1, "/a", 0, 10).of(MADE) == 2
    assert most_let_through(2, "/a", 0, 10).of(MADE) == 4
    assert most_let_through(2.5, "/a", 0, 10).of(MADE) == 4
    assert most_let_through(10, "/a", 0, 10).of(MADE) == 7


def test_only_requests_that_are_due_in_the_window_count() -> None:
    """In each second of a plot, those of that second."""
    most = most_let_through(1, "/a", 0, 1)
    assert most.over is not None
    assert [most.over(at_s, at_s + 1).of(MADE) for at_s in (0, 1, 2)] == [1, 2, 2]
    assert math.isnan(most.over(3, 4).of(MADE))


STATUSES = ("200", "429", "timeout", "502", "429", "200", "200", "429")
MIXED = recording(
    [
        *(asked(number, number / 4, status=status) for number, status in enumerate(STATUSES)),
        asked(8, 0.1, path="/b", status="429"),
    ]
)


def test_what_is_refused_was_not_let_through_and_is_not_late() -> None:
    """A request that was let through counts, whatever became of it; late is what was not served."""
    assert most_let_through(2, "/a", 0, 2).of(MIXED) == 5
    assert refused_ratio("/a", 0, 2).of(MIXED) == 3 / 8
    assert late_ratio("/a", 0, 2).of(MIXED) == 2 / 8
    assert late_ratio("/a", 0, 1).of(MIXED) == 2 / 4


def test_others_do_not_count() -> None:
    """Only requests whose path begins with the one that is named."""
    assert refused_ratio("/b", 0, 2).of(MIXED) == 1
    assert late_ratio("/b", 0, 2).of(MIXED) == 0
    assert most_let_through(2, "/b", 0, 2).of(MIXED) == 0


def test_of_nobody_there_is_no_share() -> None:
    """As where a path is misspelt."""
    found = late_ratio("/c", 0, 2).read(MIXED)
    assert math.isnan(found.value)
    assert found.missing == "no request for /c was due in 0-2 s"
