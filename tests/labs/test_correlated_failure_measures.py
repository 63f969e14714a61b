"""Whether the second try fails, too, on recordings made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import Recording, root_context
from labs.cascades.correlated_failure.measures import second_fails_ratio
from services.tracing import Span
from tests.support import recording, request

SECOND = second_fails_ratio("front", 2, 10)


def of(*tries: tuple[float, int, str], kind: str = "client") -> Recording:
    """Make a recording of calls: when their request was due, which try it was, how it ended."""
    due = sorted({at_s for at_s, _, _ in tries})
    spans = [
        Span(
            root_context(0, due.index(at_s)).trace,
            f"s{number}",
            "",
            kind,
            "front",
            "app-1",
            attempt,
            at_s,
            at_s,
            status,
        )
        for number, (at_s, attempt, status) in enumerate(tries)
    ]
    requests = [request(number, at_s) for number, at_s in enumerate(due)]
    return recording(requests, spans=spans, duration_s=12)


@pytest.mark.parametrize(
    ("tries", "share"),
    [
        ([(3, 1, "503"), (3, 2, "503"), (4, 1, "503"), (4, 2, "200")], 0.5),
        ([(3, 1, "503"), (3, 2, "error"), (3, 3, "200")], 1),
        ([(3, 1, "503"), (3, 2, "204"), (3, 3, "503")], 0),
        ([(1.9, 2, "503"), (2, 2, "200"), (10, 2, "503")], 0),
    ],
    ids=["one of two", "any failure is one", "no other try counts", "the window alone"],
)
def test_the_second_try_counts(tries: list[tuple[float, int, str]], share: float) -> None:
    """Of each request that is due in the window, and has one."""
    assert SECOND.of(of(*tries)) == share


def test_what_cannot_be_known_is_no_number() -> None:
    """Nobody asked, no call, or none that was tried twice."""
    assert "no request" in SECOND.read(of((1, 2, "503"))).missing
    assert "no call of front" in SECOND.read(of((3, 2, "503"), kind="server")).missing
    assert "front tried nothing twice" in SECOND.read(of((3, 1, "503"))).missing


def test_it_says_what_it_reads() -> None:
    """A window and the caller; it can be plotted second by second."""
    assert SECOND.reads == Reads(window=(2, 10), hosts=("front",))
    assert SECOND.is_share
    assert SECOND.name == "second tries that fail, 2-10 s"
    assert SECOND.over is not None
    assert SECOND.over(0, 1).name == "second tries that fail, 0-1 s"
