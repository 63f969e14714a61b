"""Runs: textbook figures, and coins that are tossed until so many in a row have failed."""

import math
import random
from statistics import fmean, stdev

import pytest

from harness.theory import runs


@pytest.mark.parametrize(
    ("in_a_row", "failure_ratio", "trials"),
    [
        (1, 0.5, 2),
        (2, 0.5, 6),
        (3, 0.5, 14),
        (5, 0.5, 62),
        (10, 0.5, 2046),
        (5, 1, 5),
        (2, 0.1, 110),
    ],
)
def test_each_more_in_a_row_takes_as_many_again(
    in_a_row: int, failure_ratio: float, trials: float
) -> None:
    """At one half it is 2 (2^k - 1); where all fail it is k."""
    figure = runs.trials_until_run(in_a_row=in_a_row, failure_ratio=failure_ratio)
    assert figure == pytest.approx(trials)


def tossed(rng: random.Random, in_a_row: int, failure_ratio: float) -> int:
    count = length = 0
    while length < in_a_row:
        count += 1
        length = length + 1 if rng.random() < failure_ratio else 0
    return count


@pytest.mark.parametrize(("in_a_row", "failure_ratio"), [(1, 0.3), (3, 0.5), (4, 0.8)])
def test_coins_that_are_tossed(in_a_row: int, failure_ratio: float) -> None:
    """4,000 times: mean and spread."""
    rng = random.Random(1)
    seen = [tossed(rng, in_a_row, failure_ratio) for _ in range(4000)]
    mean = runs.trials_until_run(in_a_row=in_a_row, failure_ratio=failure_ratio)
    sd = runs.trials_until_run_sd(in_a_row=in_a_row, failure_ratio=failure_ratio)
    assert fmean(seen) == pytest.approx(mean, abs=4 * sd / math.sqrt(4000))
    assert stdev(seen) == pytest.approx(sd, rel=0.1)


def test_one_that_always_fails_does_not_vary() -> None:
    """Nor does one that nearly always does, to speak of."""
    assert runs.trials_until_run_sd(in_a_row=5, failure_ratio=1) == 0
    assert runs.trials_until_run_sd(in_a_row=5, failure_ratio=1 - 1e-12) < 1e-3


def test_one_that_never_fails_is_refused() -> None:
    """It would take for ever."""
    with pytest.raises(ValueError, match="failure_ratio must be above 0, not 0"):
        runs.trials_until_run(in_a_row=3, failure_ratio=0)
    with pytest.raises(ValueError, match="in_a_row must be a whole number of at least 1, not 0"):
        runs.trials_until_run_sd(in_a_row=0, failure_ratio=0.5)
