"""Wasted work: from when on nobody waits for what a span does."""

import math

from harness.measures.waste import given_up_s
from services.tracing import Span


def span(name: str, parent: str, kind: str, end_s: float, status: str) -> Span:
    return Span("trace", name, parent, kind, "a", "b", 0, 0, end_s, status)


def test_work_is_given_up_when_the_first_call_above_it_ends_without_an_answer() -> None:
    """A call; that a host was still at work, or was killed at it, is nobody's giving up."""
    spans = [
        span("outer", "", "client", 3, "timeout"),
        span("at work", "outer", "server", 1, "cancelled"),
        span("inner", "at work", "client", 2, "timeout"),
        span("below", "inner", "server", 9, "200"),
    ]
    assert given_up_s(spans) == {
        "outer": math.inf, "at work": 3, "inner": 3, "below": 2,
    }  # fmt: skip


def test_work_whose_callers_were_all_answered_is_not_wasted() -> None:
    """With a status, or the words of a store."""
    spans = [
        span("outer", "", "client", 3, "500"),
        span("inner", "outer", "client", 2, "error"),
        span("below", "inner", "server", 9, "200"),
    ]
    assert set(given_up_s(spans).values()) == {math.inf}
