"""Bounds as a person writes them."""

import math

import pytest

from harness.errors import LabError
from harness.sweep.bounds import bound, said


@pytest.mark.parametrize(
    ("text", "holds", "fails"),
    [
        ("<=0.9", 0.9, 0.91),
        ("<1", 0.999, 1.0),
        (">=100", 100.0, 99.0),
        ("> 0", 1e-9, 0.0),
        ("<inf", 1e9, math.inf),
        (">=-2.5", -2.5, -2.6),
    ],
)
def test_a_bound_is_met_on_its_own_side(text: str, holds: float, fails: float) -> None:
    """The edge counts where it is written so, and nothing is met by what is not there."""
    assert bound(text).holds(holds)
    assert not bound(text).holds(fails)
    assert not bound(text).holds(math.nan)


@pytest.mark.parametrize("text", ["0.9", "=1", "<=", "<=x", "<= 1 2", ""])
def test_what_is_no_bound_is_refused(text: str) -> None:
    """The line shows how one is written."""
    with pytest.raises(LabError, match="write <=, <, >= or > and a number"):
        bound(text)


def test_a_bound_is_said_in_signs() -> None:
    """As in the tables of a run."""
    assert (said("<=0.9"), said("< inf")) == ("≤ 0.9", "< inf")
