"""Which keys have moved, on recordings made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import Recording, root_context
from labs.traffic.consistent_hashing.measures import moved_ratio
from services.tracing import Span
from tests.support import recording, request

AT_S = 5
MOVED = moved_ratio("/items/", "front", AT_S, 0, 10)


def of(*asked: tuple[float, str, str], caller: str = "front") -> Recording:
    """Make a recording of requests: when, for which key, and which node was asked."""
    requests = [
        request(number, at_s)._replace(path=f"/items/{key}")
        for number, (at_s, key, _) in enumerate(asked)
    ]
    spans = [
        Span(
            root_context(0, number).trace,
            f"s{number}",
            "",
            "client",
            caller,
            node,
            1,
            at_s,
            at_s,
            "200",
        )
        for number, (at_s, _, node) in enumerate(asked)
    ]
    return recording(requests, spans=spans, duration_s=10)


@pytest.mark.parametrize(
    ("asked", "share"),
    [
        ([(1, "a", "x"), (6, "a", "y"), (2, "b", "x"), (7, "b", "x")], 0.5),
        ([(1, "a", "x"), (4.9, "a", "y"), (5, "a", "y"), (6, "a", "x")], 0),
        ([(1, "a", "x"), (5, "a", "y"), (1, "b", "x"), (6, "c", "y")], 1),
    ],
    ids=["one of two", "the last before and the first after", "seen on both sides"],
)
def test_a_key_has_moved_that_is_asked_for_elsewhere(
    asked: list[tuple[float, str, str]], share: float
) -> None:
    """From the moment itself on."""
    assert MOVED.of(of(*asked)) == share


def test_what_cannot_be_known_is_no_number() -> None:
    """Nobody asked twice, or the caller called nobody; other paths do not count."""
    assert "before and after 5 s" in MOVED.read(of((1, "a", "x"), (6, "b", "x"))).missing
    assert "front" in MOVED.read(of((1, "a", "x"), (6, "a", "x"), caller="other")).missing
    other = moved_ratio("/pages/", "front", AT_S, 0, 10)
    assert "before and after" in other.read(of((1, "a", "x"), (6, "a", "y"))).missing


def test_it_says_what_it_reads() -> None:
    """A window, the caller, and a path."""
    assert MOVED.reads == Reads(window=(0, 10), hosts=("front",), paths=("/items/",))
    assert MOVED.is_share
    assert MOVED.name == "keys that have moved at 5 s"
