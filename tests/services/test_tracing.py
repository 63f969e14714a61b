"""Trace context as it goes over the wire, and ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracing import SpanContext, SpanIds, parse

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
HEX = "0123456789abcdef"


@given(
    st.text(HEX, min_size=32, max_size=32).filter(lambda text: text != "0" * 32),
    st.text(HEX, min_size=16, max_size=16).filter(lambda text: text != "0" * 16),
)
def test_a_header_reads_back_as_what_it_was_made_of(trace: str, span: str) -> None:
    """Version 00, sampled."""
    context = SpanContext(trace, span)
    assert parse(context.header()) == context
    assert context.header() == f"00-{trace}-{span}-01"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "-",
        "---",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-extra",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"00-{'g' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'x' * 16}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{' ' * 32}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
    ],
)
def test_what_is_malformed_is_no_trace(header: str | None) -> None:
    """As W3C asks: wrong lengths, other letters than lower-case hex, or all zeros are ignored."""
    assert parse(header) is None


def test_ids_are_the_same_in_every_run_and_never_repeat() -> None:
    """16 hex digits that depend on the host's name and a count alone."""
    first, second = SpanIds("payments"), SpanIds("payments")
    drawn = [first.next() for _ in range(1000)]
    assert drawn == [second.next() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert all(len(one) == 16 and int(one, 16) for one in drawn)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("worker-1", "worker-2"), ("x", "x\0")])
def test_hosts_do_not_share_ids(one: str, other: str) -> None:
    """Also hosts whose names begin alike."""
    assert SpanIds(one).next() != SpanIds(other).next()
