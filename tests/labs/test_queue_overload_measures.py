"""How long until an error, and what was done in time, from requests and spans made by hand."""

import math

from harness.model.expect import Reads
from harness.recording import Request
from labs.cascades.queue_overload.measures import in_time_ratio, told_after_s
from services.tracing import Span
from tests.support import recording

MADE = recording(
    [
        Request(0, "/", 1, 1, 1.5, "503"),
        Request(1, "/", 2, 2.1, 4, "504"),
        Request(2, "/", 3, 3, 3.1, "200"),
        Request(3, "/", 3.5, 3.5, 5.5, "timeout"),
        Request(4, "/", 4, 4, 5, "503"),
    ]
)


def test_who_is_told_an_error_counts_from_when_it_was_due() -> None:
    """Those who have an answer, or were told nothing, do not count."""
    assert told_after_s(0, 4).of(MADE) == (0.5 + 2) / 2
    assert told_after_s(2, 4).of(MADE) == 2
    assert told_after_s(0, 4).reads == Reads(window=(0, 4))


def test_where_nobody_is_told_there_is_nothing_to_measure() -> None:
    """A window of good answers and of silence is no zero."""
    found = told_after_s(3, 4).read(MADE)
    assert math.isnan(found.value)
    assert found.missing == "no request due in 3-4 s was told an error"


def call(number: int, start_s: float, status: str, *, answers: str) -> list[Span]:
    """Make a call to `search` and what it made of it, which may be told too late."""
    trace = f"{number:032x}"
    ids = (trace, f"s{number}", f"c{number}", "server")
    return [
        Span(trace, f"c{number}", "", "client", "web", "search", 1, start_s, start_s + 2, status),
        Span(*ids, "", "search", 0, start_s, start_s + 2.1, answers),
    ]


def test_what_is_done_counts_as_in_time_when_its_caller_has_it() -> None:
    """What is turned away is no work, and a call outside of the window is another's."""
    made = recording(
        spans=[
            *call(1, 0.5, "200", answers="200"),
            *call(2, 1, "abandoned", answers="200"),
            *call(3, 2, "200", answers="200"),
            *call(4, 2.5, "503", answers="503"),
            *call(5, 4, "abandoned", answers="200"),
        ]
    )
    assert in_time_ratio("search", 0, 4).of(made) == 2 / 3
    assert in_time_ratio("search", 4, 5).of(made) == 0
    assert in_time_ratio("search", 0, 4).reads == Reads(window=(0, 4), callees=("search",))
    found = in_time_ratio("search", 2.5, 4).read(made)
    assert found.missing == "search did no work for calls of 2.5-4 s"
