"""Feedback: how hard a controller may correct what it sees late, and how it swings otherwise.

A controller looks at even times and corrects `gain` times the error that it sees; the correction
shows `lag_looks` looks later. Up to `gain_limit` a swing dies out, above it every swing
grows, until something bounds it. Source: any textbook of digital control, such as Hellerstein and
others, *Feedback Control of Computing Systems* (2004); the closed forms are derived.
"""

import cmath
import math

from harness.theory import domain

STEP, NEWTON = 0.05, 4
"""By how much the logarithm of the gain grows from one root to the next, and steps to each."""


def gain_limit(*, lag_looks: int, averaged: int = 1) -> float:
    """Gain above which a loop swings for ever, 2 w sin^2(a/2) / sin(w a/2), a = pi / (2d - 2 + w).

    d is `lag_looks`; the error is averaged over the last w = `averaged` looks. Without averaging it
    is 2 sin(pi / (4d - 2)): 2, 1, 0.618, 0.445 for a lag of 1, 2, 3, 4 looks.

    Raises:
        ValueError: a count is below 1.

    """
    turn = _turn(lag_looks, averaged)
    return 2 * averaged * math.sin(turn / 2) ** 2 / math.sin(averaged * turn / 2)


def swing_period_looks(*, gain: float, lag_looks: int, averaged: int = 1) -> float:
    """Period of a swing that does not die out, 2 (2d - 2 + w) looks at the limit, 2 pi / angle.

    The angle is that of the root of z^(d - 1) (z - 1) + gain / w x (1 + 1/z + ... + z^(1 - w)) to
    which the swing belongs: the more gain, the sooner it turns. For long lags at the limit, it is
    four times the lag. Valid until bounds stop the swing, which make it turn sooner still.

    Raises:
        ValueError: a count is below 1, or `gain` below `gain_limit`.

    """
    limit = gain_limit(lag_looks=lag_looks, averaged=averaged)
    domain.positive(gain=gain)
    domain.require(gain >= limit, f"gain must be at least {limit:g}, not {gain:g}")
    root = cmath.exp(1j * _turn(lag_looks, averaged))
    steps = math.ceil(math.log(gain / limit) / STEP)
    for step in range(steps + 1):
        at = limit * (gain / limit) ** (step / max(1, steps))
        for _ in range(NEWTON):
            root -= _newton_step(root, at, lag_looks, averaged)
    return 2 * math.pi / abs(cmath.phase(root))


def calm_gain(*, lag_looks: int) -> float:
    """Highest gain that reaches its aim without going beyond it, (d - 1)^(d - 1) / d^d.

    1, 0.25, 0.148, 0.105 for a lag of 1, 2, 3, 4 looks.

    Raises:
        ValueError: `lag_looks` is below 1.

    """
    domain.count(1, lag_looks=lag_looks)
    return float((lag_looks - 1) ** (lag_looks - 1) / lag_looks**lag_looks)


def _turn(lag_looks: int, averaged: int) -> float:
    """Give the angle of a swing that goes on for ever, in radians a look."""
    domain.count(1, lag_looks=lag_looks, averaged=averaged)
    return math.pi / (2 * lag_looks - 2 + averaged)


def _newton_step(root: complex, gain: float, lag_looks: int, averaged: int) -> complex:
    """Give Newton's step towards a root of a loop's characteristic equation."""
    seen = sum(root**-past for past in range(averaged)) * gain / averaged
    fades = sum(-past * root ** (-past - 1) for past in range(averaged)) * gain / averaged
    value = root ** (lag_looks - 1) * (root - 1) + seen
    slope = lag_looks * root ** (lag_looks - 1) - (lag_looks - 1) * root ** (lag_looks - 2)
    return value / (slope + fades)
