"""Runs: how many trials it takes until so many in a row have failed, and how much that varies.

A check that acts on failures in a row sees one that always fails soon, and one that fails half of
the time late. Source: Feller, *An Introduction to Probability Theory and Its Applications* (1968),
volume 1, chapter XIII.7.
"""

import math

from harness.theory import domain


def trials_until_run(*, in_a_row: int, failure_ratio: float) -> float:
    """Mean trials until so many in a row have failed, (1 - p^k) / ((1 - p) p^k).

    1/p + 1/p^2 + ... + 1/p^k, and k for p = 1: 14 for three in a row at one half, 62 for five.
    Valid for independent trials, counted from none.

    Raises:
        ValueError: `in_a_row` is below 1, or `failure_ratio` not above 0 and at most 1.

    """
    _domain(in_a_row, failure_ratio)
    return math.fsum(failure_ratio**-power for power in range(1, in_a_row + 1))


def trials_until_run_sd(*, in_a_row: int, failure_ratio: float) -> float:
    """One standard deviation of the trials until so many in a row have failed.

    sqrt(1 - (2 k + 1) q p^k - p^(2 k + 1)) / (q p^k), q = 1 - p: 11.9 for three in a row at one
    half. Nearly as large as the mean, but for high p. Valid for independent trials.

    Raises:
        ValueError: `in_a_row` is below 1, or `failure_ratio` not above 0 and at most 1.

    """
    _domain(in_a_row, failure_ratio)
    if failure_ratio == 1:
        return 0.0
    start = (1 - failure_ratio) * failure_ratio**in_a_row
    twice = 2 * in_a_row + 1
    # A rounding error must not become the root of a negative number where p is nearly 1.
    return math.sqrt(max(0.0, 1 - twice * start - failure_ratio**twice)) / start


def _domain(in_a_row: int, failure_ratio: float) -> None:
    domain.count(1, in_a_row=in_a_row)
    domain.share(failure_ratio=failure_ratio)
    domain.positive(failure_ratio=failure_ratio)
