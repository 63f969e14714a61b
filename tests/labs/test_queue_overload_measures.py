"""What was done in time, from spans made by hand."""

from harness.model.expect import Reads
from labs.cascades.queue_overload.measures import in_time_ratio
from services.tracing import Span
from tests.support import recording


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
