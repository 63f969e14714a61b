"""How soon callers come back, and how long until all are served, from what is made by hand."""

import math

import pytest

from harness.model.expect import Reads
from labs.resilience.backoff_jitter.measures import first_to_last_s, hasty_calls
from services.tracing import Span
from tests.support import recording, request

MADE = recording(
    [
        request(1, 1, latency_s=6),
        request(2, 2, latency_s=4.5),
        request(3, 3, latency_s=6.25),
        request(4, 5, latency_s=0.5),
        request(5, 7, status="502"),
    ]
)


def test_it_is_from_the_first_answer_to_the_last() -> None:
    """Of the requests due in the window, in whatever order they came."""
    assert first_to_last_s(1, 4).of(MADE) == 9.25 - 6.5
    assert first_to_last_s(1, 6).of(MADE) == 9.25 - 5.5
    assert first_to_last_s(1, 2).of(MADE) == 0
    measure = first_to_last_s(1, 4)
    assert (measure.unit, measure.reads) == ("s", Reads(window=(1, 4)))
    assert measure.over is not None
    assert measure.over(1, 6).of(MADE) == 9.25 - 5.5


def test_it_has_no_end_where_one_is_never_served() -> None:
    """And no value where nothing was due."""
    assert first_to_last_s(1, 8).of(MADE) == math.inf
    assert first_to_last_s(7, 8).of(MADE) == math.inf
    assert first_to_last_s(8, 9).read(MADE).missing


def call(trace: int, start_s: float, end_s: float, *, callee: str = "shop") -> Span:
    """Make a call for a request."""
    ids = (f"{trace:032x}", f"c{trace}-{start_s}", f"s{trace}", "client")
    return Span(*ids, "tills", callee, 1, start_s, end_s, "503")


CALLED = recording([])
CALLED.spans = [
    call(1, 2.5, 2.75),  # a quarter of a second after the one before, which stands below
    call(1, 1, 2.25),
    call(1, 2.875, 4),  # an eighth
    call(2, 1, 2),
    call(2, 3, 4),  # a second
    call(3, 2, 2.5),  # another request
    call(1, 4, 5, callee="bank"),
    Span(f"{2:032x}", "w2", "c2-1", "server", "", "shop", 0, 1.5, 1.75, "503"),  # no call
]


@pytest.mark.parametrize(("pause_s", "hasty"), [(0.125, 0), (0.2, 1), (0.25, 1), (0.3, 2), (2, 3)])
def test_a_call_is_hasty_that_comes_again_before_a_pause_is_over(
    pause_s: float, hasty: int
) -> None:
    """For the same request, from the end of its call before."""
    assert hasty_calls("shop", pause_s, 1, 5).of(CALLED) == hasty


def test_calls_count_that_began_in_the_window() -> None:
    """The pause before the first of them is not known."""
    assert hasty_calls("shop", 2, 2, 5).of(CALLED) == 1
    assert hasty_calls("shop", 2, 1, 2.875).of(CALLED) == 1
    measure = hasty_calls("shop", 2, 2, 5)
    assert measure.reads == Reads(window=(2, 5), callees=("shop",))
    assert measure.over is not None
    assert measure.over(1, 5).of(CALLED) == 3
    assert hasty_calls("nobody", 2, 2, 5).read(CALLED).missing
    assert hasty_calls("shop", 2, 2, 11).read(CALLED).missing
