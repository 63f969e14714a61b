"""Feedback: the closed forms are held against loops that are played, look by look."""

from collections.abc import Iterator
from itertools import islice, pairwise

import pytest

from harness.theory import feedback

LOOPS = [(1, 1), (2, 1), (3, 1), (5, 1), (1, 4), (3, 6), (4, 3)]


def played(gain: float, lag_looks: int, averaged: int = 1) -> Iterator[float]:
    """Give the error at each look, after one push."""
    errors, corrections, value = [0.0] * averaged, [0.0] * (lag_looks - 1), 1.0
    while True:
        yield value
        errors = [*errors[1:], value]
        corrections.append(gain * sum(errors) / averaged)
        value -= corrections.pop(0)


def largest(gain: float, lag_looks: int, averaged: int, looks: tuple[int, int]) -> float:
    """Give the largest error of some looks."""
    return max(map(abs, islice(played(gain, lag_looks, averaged), *looks)))


@pytest.mark.parametrize(("lag_looks", "averaged"), LOOPS)
def test_a_swing_dies_below_the_limit_and_grows_above(lag_looks: int, averaged: int) -> None:
    """Three hundred looks later, at five per cent on either side."""
    limit = feedback.gain_limit(lag_looks=lag_looks, averaged=averaged)
    for share, grows in ((0.95, False), (1.05, True)):
        early = largest(share * limit, lag_looks, averaged, (50, 100))
        late = largest(share * limit, lag_looks, averaged, (350, 400))
        assert (late > early) == grows


@pytest.mark.parametrize(("lag_looks", "averaged"), LOOPS)
@pytest.mark.parametrize("more", [1, 1.2, 2])
def test_a_swing_has_its_period(more: float, lag_looks: int, averaged: int) -> None:
    """Counted by how often it goes up through zero, at the limit and above."""
    loop = {"lag_looks": lag_looks, "averaged": averaged}
    gain = more * feedback.gain_limit(**loop)
    errors = list(islice(played(gain, **loop), 100, 500))
    ups = [at for at, (before, after) in enumerate(pairwise(errors)) if before < 0 <= after]
    period = feedback.swing_period_looks(gain=gain, **loop)
    assert (ups[-1] - ups[0]) / (len(ups) - 1) == pytest.approx(period, rel=0.02)


@pytest.mark.parametrize("lag_looks", [2, 3, 5])
def test_a_calm_gain_does_not_go_beyond(lag_looks: int) -> None:
    """And a tenth more does."""
    calm = feedback.calm_gain(lag_looks=lag_looks)
    assert min(islice(played(calm, lag_looks), 500)) >= 0
    assert min(islice(played(1.1 * calm, lag_looks), 500)) < 0


def test_what_the_lab_has() -> None:
    """A lag of three looks: 0.618 and 10 looks; averaged over six, 0.363 and 20 looks."""
    assert feedback.gain_limit(lag_looks=3) == pytest.approx(0.618, abs=0.001)
    limit = feedback.gain_limit(lag_looks=3)
    assert feedback.swing_period_looks(gain=limit, lag_looks=3) == pytest.approx(10)
    assert feedback.swing_period_looks(gain=1, lag_looks=3) == pytest.approx(8.9, abs=0.05)
    assert feedback.gain_limit(lag_looks=3, averaged=6) == pytest.approx(0.363, abs=0.001)
    limit = feedback.gain_limit(lag_looks=3, averaged=6)
    assert feedback.swing_period_looks(gain=limit, lag_looks=3, averaged=6) == pytest.approx(20)
    with pytest.raises(ValueError, match=r"^gain must be at least 0\.618034, not 0\.5$"):
        feedback.swing_period_looks(gain=0.5, lag_looks=3)
    assert feedback.calm_gain(lag_looks=1) == 1


def test_averages_lower_the_limit_and_a_lag_does() -> None:
    """Every look more of either."""
    for lag_looks in range(1, 6):
        for averaged in range(1, 8):
            here = feedback.gain_limit(lag_looks=lag_looks, averaged=averaged)
            later = feedback.gain_limit(lag_looks=lag_looks + 1, averaged=averaged)
            smoother = feedback.gain_limit(lag_looks=lag_looks, averaged=averaged + 1)
            assert later < here
            assert smoother < here or lag_looks == 1
