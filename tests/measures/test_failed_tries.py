"""How often the first or the second try fails, on recordings made by hand."""

import pytest

from harness.measures import failed_tries_ratio
from harness.recording import Recording, root_context
from services.tracing import Span
from tests.support import recording, request

FIRST = failed_tries_ratio("router", 1, 2, 10, path="/?client=")
SECOND = failed_tries_ratio("router", 2, 2, 10)


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
    """Nobody asked, another path, no call for any of them, or none that was tried so often."""
    assert "no request for /?client=" in FIRST.read(of((1, 1, "200"))).missing
    assert "no request for /?client=" in FIRST.read(of((3, 1, "200"), path="/exit")).missing
    assert "no call of router" in FIRST.read(of((3, 1, "200"), kind="server")).missing
    missing = FIRST.read(of((3, 2, "200"))).missing
    assert missing == "router made no first try for /?client= due in 2-10 s"
    assert SECOND.read(of((3, 1, "503"))).missing == "router made no second try due in 2-10 s"


def test_it_is_named_for_people() -> None:
    """Whichever try it is of."""
    assert FIRST.name == "first tries that fail, 2-10 s"
    assert SECOND.name == "second tries that fail, 2-10 s"
    assert failed_tries_ratio("router", 4, 0, 1).name == "4th tries that fail, 0-1 s"
