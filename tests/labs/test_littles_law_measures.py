"""Calls under way and waits for a slot, from spans made by hand."""

import math

from harness.model.expect import Reads
from labs.traffic.littles_law.measures import calls_under_way, slot_wait_s
from services.tracing import Span
from tests.support import recording


def served(number: int, start_s: float, end_s: float) -> Span:
    """Make a request at the caller."""
    return Span(f"{number:032x}", f"s{number}", "", "server", "", "shop", 0, start_s, end_s, "200")


def call(number: int, start_s: float, end_s: float) -> Span:
    """Make its call to the callee."""
    ids = (f"{number:032x}", f"c{number}", f"s{number}", "client")
    return Span(*ids, "shop", "bank", 1, start_s, end_s, "200")


MADE = recording([])
MADE.spans = [
    *(served(1, 0, 2), call(1, 0.5, 2)),
    *(served(2, 1, 3), call(2, 2, 3)),
    call(3, 3.5, 4.5),  # its request was not answered in the recording
]


def test_each_call_counts_for_its_time_within_the_window() -> None:
    """Also one that has begun before it, or ends after it."""
    assert calls_under_way("bank", 0, 4).of(MADE) == (1.5 + 1 + 0.5) / 4
    assert calls_under_way("bank", 1, 2).of(MADE) == 1
    assert calls_under_way("bank", 3, 3.5).of(MADE) == 0
    assert calls_under_way("bank", 1, 2).reads == Reads(window=(1, 2), callees=("bank",))
    assert calls_under_way("nobody", 1, 2).read(MADE).missing


def test_a_wait_is_from_the_requests_arrival_to_its_call() -> None:
    """Of the calls begun in the window; where none was, there is no wait."""
    assert slot_wait_s("bank", 0, 4).of(MADE) == (0.5 + 1) / 2
    assert slot_wait_s("bank", 1, 3).of(MADE) == 1
    found = slot_wait_s("bank", 3, 4).read(MADE)
    assert math.isnan(found.value)
    assert found.missing == "no call to bank began in 3-4 s"
