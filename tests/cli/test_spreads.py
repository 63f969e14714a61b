"""`--spread`: what a value came to over many seeds, and how far that is from its bound."""

import math

import pytest

from harness.checks.verdict import Control, Kind
from harness.cli.spreads import distance, lines
from harness.model.expect import Bound
from harness.report.text import UNKNOWN


def controls(*values: float, bound: Bound, missing: str = "") -> list[Control]:
    return [
        Control(
            kind=Kind.HOLDS,
            claim="recovers",
            variant="calm",
            engine="sim",
            measure="time to recover",
            unit="s",
            value=value,
            bound=bound,
            missing=missing if math.isnan(value) else "",
        )
        for value in values
    ]


def told(*values: float, bound: Bound, missing: str = "") -> tuple[list[str], list[str]]:
    """Give the cells of the only row, and the warnings."""
    found = list(lines(controls(*values, bound=bound, missing=missing)))
    row = [cell.strip() for cell in found[2].strip("|").split("|")]
    return row, [line for line in found if line.startswith("warning: ")]


def test_a_row_has_median_sigma_and_distance() -> None:
    """Values 4, 6 and 8: the median is 6, sigma is the root of 8/3, and 16 is 6.12 of it away."""
    row, warnings = told(4, 6, 8, bound=Bound(at_most=16))
    assert row == ["calm", "time to recover", "≤ 16 s", "6.00 s", "1.63 s", "6.12 sigma", "3 of 3"]
    assert warnings == []


@pytest.mark.parametrize(("edge", "warned"), [(6 + 4.01 * 1.633, False), (6 + 3.99 * 1.633, True)])
def test_less_than_four_sigmas_is_warned_of(edge: float, warned: bool) -> None:  # noqa: FBT001
    """All three seeds pass, and some later one will not."""
    row, warnings = told(4, 6, 8, bound=Bound(at_most=edge))
    assert row[-1] == "3 of 3"
    assert bool(warnings) is warned
    assert all("chance alone will sooner or later break it" in line for line in warnings)


def test_the_nearer_edge_counts() -> None:
    """Of a tolerance on both sides."""
    group = controls(4, 6, 8, bound=Bound(at_least=5, at_most=100))
    assert distance(group) == pytest.approx(1 / math.sqrt(8 / 3))
    outside = controls(4, 6, 8, bound=Bound(at_least=5, at_most=100).complement())
    assert distance(outside) == pytest.approx(-1 / math.sqrt(8 / 3))


def test_a_median_outside_is_said() -> None:
    """Whether it varies or not."""
    assert told(9, 9, bound=Bound(at_most=8))[0][-2:] == ["outside", "0 of 2"]
    for values in ((9, 9), (9, 10)):
        (warning,) = told(*values, bound=Bound(at_most=8))[1]
        assert warning.endswith("the median is outside of what is wanted")


def test_what_does_not_vary_is_near_to_nothing() -> None:
    """Even on the edge itself, as a count of 0 that may be 0 at most."""
    row, warnings = told(0, 0, bound=Bound(at_most=0))
    assert (row[-2], warnings) == ("does not vary", [])


def test_a_value_that_no_run_has_is_warned_of() -> None:
    """With what was missing; it is no distance."""
    row, warnings = told(math.nan, math.nan, bound=Bound(at_most=8), missing="no request")
    assert row[3:] == [*[UNKNOWN] * 3, "0 of 2"]
    assert [line.partition("): ")[2] for line in warnings] == [
        "there is no value in any run: no request"
    ]


def test_a_mix_of_never_and_some_time_is_warned_of() -> None:
    """One run of three that never recovers has no finite sigma."""
    _, warnings = told(4, 6, math.inf, bound=Bound(at_most=16))
    assert len(warnings) == 1


def test_one_run_alone_warns_of_nothing() -> None:
    """There is no spread to speak of."""
    assert told(7.9, bound=Bound(at_most=8))[1] == []
