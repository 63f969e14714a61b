"""How often the first try fails, on recordings made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import Recording, root_context
from labs.cascades.shuffle_sharding.measures import first_try_failed_ratio
from services.tracing import Span
from tests.support import recording, request

FIRST = first_try_failed_ratio("router", "/?client=", 2, 10)


def of(*tries: tuple[float, int, str], path: str = "/?client=a", kind: str = "client") -> Recording:
    """Make a recording of calls: when their request was due, which try it was, how it ended."""
    due = sorted({at_s for at_s, _, _ in tries})
    spans = [
        Span(
            root_context(0, due.index(at_s)).trace,
            f"s{number}",
            "",
            kind,
            "router",
            "worker-1",
            attempt,
            at_s,
            at_s,
            status,
        )
        for number, (at_s, attempt, status) in enumerate(tries)
    ]
    requests = [request(number, at_s)._replace(path=path) for number, at_s in enumerate(due)]
    return recording(requests, spans=spans, duration_s=12)


@pytest.mark.parametrize(
    ("tries", "share"),
    [
        ([(3, 1, "200"), (4, 1, "error"), (4, 2, "200")], 0.5),
        ([(3, 1, "502"), (3, 2, "200")], 1),
        ([(3, 1, "204"), (4, 1, "200"), (4, 2, "error")], 0),
        ([(1.9, 1, "error"), (2, 1, "200"), (10, 1, "error")], 0),
    ],
    ids=["one of two", "an error is a failure", "second tries do not count", "the window alone"],
)
def test_the_first_try_counts(tries: list[tuple[float, int, str]], share: float) -> None:
    """Of each request that is due in the window."""
    assert FIRST.of(of(*tries)) == share


def test_what_cannot_be_known_is_no_number() -> None:
    """Nobody asked, another path, or no call for any of them."""
    assert "no request for /?client=" in FIRST.read(of((1, 1, "200"))).missing
    assert "no request for /?client=" in FIRST.read(of((3, 1, "200"), path="/exit")).missing
    assert "no call of router" in FIRST.read(of((3, 1, "200"), kind="server")).missing
    assert "router made no call" in FIRST.read(of((3, 2, "200"))).missing


def test_it_says_what_it_reads() -> None:
    """A window, the caller and a path; it can be plotted second by second."""
    assert FIRST.reads == Reads(window=(2, 10), hosts=("router",), paths=("/?client=",))
    assert FIRST.is_share
    assert FIRST.name == "first tries that fail, 2-10 s"
    assert FIRST.over is not None
    assert FIRST.over(0, 1).name == "first tries that fail, 0-1 s"
