"""How long until so many calls have ended well, from spans that are made by hand."""

import math

from harness.model.expect import Reads
from labs.cascades.thundering_herd.measures import nth_good_call_s
from services.tracing import Span
from tests.support import recording


def call(start_s: float, end_s: float, status: str = "200", *, of: str = "") -> Span:
    """Make a call of the apps; `of` is its kind, its callee and its route, where they differ."""
    kind, callee, route = (of or "client gateway /sessions").split()
    ids = (f"{1:032x}", f"c{start_s}{status}{of}", "", kind)
    return Span(*ids, "apps", callee, 1, start_s, end_s, status, route)


MADE = recording([])
MADE.spans = [
    call(4, 4.5),
    call(2, 3.25),  # begun before that one, and written after it
    call(3, 3.5),
    call(1.5, 2),  # before the window
    call(2, 2.5, "503"),
    call(2, 2.5, "timeout"),
    call(2, 2.5, of="client gateway /news"),
    call(2, 2.5, of="client accounts /sessions"),
    call(2, 2.5, of="server gateway /sessions"),
    call(6, 6.5),  # after the window
]


def test_it_is_until_the_last_of_so_many() -> None:
    """By when they ended, of the calls that began in the window and ended well."""
    assert nth_good_call_s(1, "gateway", "/sessions", 2, 6).of(MADE) == 1.25
    assert nth_good_call_s(2, "gateway", "/sessions", 2, 6).of(MADE) == 1.5
    assert nth_good_call_s(3, "gateway", "/sessions", 2, 6).of(MADE) == 2.5
    assert nth_good_call_s(1, "gateway", "/news", 2, 6).of(MADE) == 0.5


def test_it_has_no_end_where_there_are_fewer() -> None:
    """And no value where nobody called at all, or beyond the run."""
    assert nth_good_call_s(4, "gateway", "/sessions", 2, 6).of(MADE) == math.inf
    assert nth_good_call_s(1, "nobody", "/sessions", 2, 6).read(MADE).missing
    assert nth_good_call_s(1, "gateway", "/sessions", 2, 11).read(MADE).missing


def test_it_says_what_it_reads() -> None:
    """Its window and its callee; over another window it is the same of that."""
    measure = nth_good_call_s(2, "gateway", "/sessions", 2, 6)
    assert (measure.unit, measure.reads) == ("s", Reads(window=(2, 6), callees=("gateway",)))
    assert measure.over is not None
    assert measure.over(1, 6).of(MADE) == 2.25
