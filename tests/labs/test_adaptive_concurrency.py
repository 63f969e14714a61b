"""Adaptive limits, broken on purpose: the verdict turns."""

from typing import Any

import pytest

from harness import catalogue
from labs.resilience.adaptive_concurrency.predictions import SLOW_S
from services.patterns.adaptive_limit import Limit, Settings
from tests.labs.otherwise import failed

LAB = catalogue.find("adaptive-concurrency").lab


def test_a_gradient_that_learns_how_long_the_work_now_takes_is_no_longer_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it falls by is the shortest time of a day that is over."""
    learn = Limit.learn

    def anew(self: Limit, settings: Settings, *, start_s: float, now_s: float, **told: Any) -> None:
        if now_s - start_s > 0.99 * SLOW_S:
            self._lowest_s = SLOW_S
        learn(self, settings, start_s=start_s, now_s=now_s, **told)

    monkeypatch.setattr(Limit, "learn", anew)
    assert failed(LAB, "gradient") == {
        "does less than half of what it can",
        "the gradient settles at four",
    }
