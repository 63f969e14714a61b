"""The share of time that is spent for nobody, from spans made by hand."""

import pytest

from harness.model.expect import Reads
from labs.resilience.timeout_budget.measures import late_share
from services.tracing import Span
from tests.support import recording


def chain(number: int, start_s: float, *, patience_s: float, works_s: float) -> list[Span]:
    """Make a call from shop to bank, which its caller may give up before bank has answered."""
    trace, done = f"{number:032x}", works_s <= patience_s
    asked = (start_s, start_s + min(works_s, patience_s), "200" if done else "abandoned")
    served = (start_s, start_s + works_s, "200")
    return [
        Span(trace, f"c{number}", "", "client", "shop", "bank", 1, *asked),
        Span(trace, f"s{number}", f"c{number}", "server", "", "bank", 0, *served),
    ]


MADE = recording([])
MADE.spans = [
    *chain(1, 0, patience_s=0.5, works_s=2),
    *chain(2, 1, patience_s=0.5, works_s=0.5),
    *chain(3, 3, patience_s=0.5, works_s=1),
]


def test_time_after_a_caller_has_left_is_for_nobody() -> None:
    """1.5 s of the first call and 0.5 s of the third, of 3.5 s."""
    measure = late_share("bank", 0, 4)
    assert measure.of(MADE) == pytest.approx(2 / 3.5)
    assert measure.reads == Reads(window=(0, 4), callees=("bank",))
    assert measure.is_share


def test_only_time_within_the_window_counts() -> None:
    """Of what was given up before it, all of that."""
    assert late_share("bank", 0, 1).of(MADE) == pytest.approx(0.5)
    assert late_share("bank", 1, 2).of(MADE) == pytest.approx(1 / 1.5)
    assert late_share("bank", 3, 3.5).of(MADE) == 0
    over = late_share("bank", 0, 4).over
    assert over is not None
    assert over(0, 1).of(MADE) == pytest.approx(0.5)


def test_where_nothing_was_done_there_is_no_share() -> None:
    """It says so."""
    assert late_share("bank", 2, 3).read(MADE).missing == "bank worked on nothing in 2-3 s"
    assert late_share("ledger", 0, 4).read(MADE).missing == "ledger worked on nothing in 0-4 s"
