"""How many queries are done in a time, on recordings made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import Recording
from labs.traffic.connection_pools.measures import done_rps
from services.tracing import Span
from tests.support import recording

DONE = done_rps("database", 2, 4)


def of(
    *ends_s: float, kind: str = "server", host: str = "database", status: str = "200"
) -> Recording:
    """Make a recording of queries that have ended at some times."""
    spans = [
        Span("0" * 32, f"s{number}", "", kind, "", host, 0, 0, at_s, status)
        for number, at_s in enumerate(ends_s)
    ]
    return recording([], spans=spans, duration_s=6)


@pytest.mark.parametrize(
    ("ends_s", "rps"),
    [((1, 2.5, 3, 3.5), 1.5), ((1.99, 2, 4), 0.5), ((1, 5), 0)],
    ids=["all that end in it", "from its start on, and not its end", "none of them"],
)
def test_what_ends_in_the_window_counts(ends_s: tuple[float, ...], rps: float) -> None:
    """Over its two seconds, whenever they began."""
    assert DONE.of(of(*ends_s)) == rps


@pytest.mark.parametrize("other", [{"kind": "client"}, {"host": "app-1"}, {"status": "503"}])
def test_what_is_no_query_that_was_done_is_no_number(other: dict[str, str]) -> None:
    """A call, another host, a refusal."""
    assert "database has ended no request well" in DONE.read(of(3, **other)).missing


def test_it_says_what_it_reads() -> None:
    """A window and a host; it can be plotted second by second."""
    assert DONE.reads == Reads(window=(2, 4), hosts=("database",))
    assert DONE.over is not None
    assert DONE.over(0, 1).name == "queries that database does, 0-1 s"
