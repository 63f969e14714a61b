"""Retry budgets, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from labs.resilience.retry_budget.predictions import BUDGET, QUIET_RPS
from services.patterns.retry import RetryBudget
from tests.labs.otherwise import failed

LAB = catalogue.find("retry-budget").lab
FLOOR_RPS = 10


def test_ten_retries_a_second_beside_the_budget_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A floor, such as clients have for services that are seldom asked: 54 calls/s on 50."""
    deposit = RetryBudget.deposit

    def with_floor(self: RetryBudget) -> None:
        for _ in range(1 + round(FLOOR_RPS / QUIET_RPS / BUDGET)):
            deposit(self)

    monkeypatch.setattr(RetryBudget, "deposit", with_floor)
    assert failed(LAB, "budget") == {"recovers by itself", "the backlog drains"}
