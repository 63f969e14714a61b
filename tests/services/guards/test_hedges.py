"""Hedged requests: the tail they cut, the work they add, and what becomes of the loser."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory.tails import hedge_extra_ratio, hedged_slow_ratio
from services.patterns.guards import Asked, Failed
from services.patterns.hedging import Hedging, Settings
from tests.guarded import FEW, Callee, evenly, once, sent, standing
from tests.support import virtually

PLENTY = Settings(after_ms=100, budget=1, burst=1000)


@FEW
@given(first_s=st.floats(0, 2), second_s=st.floats(0, 2), after_s=st.floats(0.01, 1))
def test_the_first_answer_is_taken(first_s: float, second_s: float, after_s: float) -> None:
    """The earlier of the first and of the hedge; no hedge when the first is in time."""
    callee = Callee(takes_s=lambda asked: first_s if asked.attempt == 1 else second_s)
    settings = Settings(after_ms=1000 * after_s, budget=1)

    async def main() -> None:
        outcome = await once(standing(Hedging, settings), callee)
        late = first_s > after_s
        expected_s = min(first_s, after_s + second_s) if late else first_s
        assert outcome.took_s == pytest.approx(expected_s, abs=1e-6)
        if abs(first_s - after_s) > 1e-6:
            assert len(callee.begun) == 1 + late
        assert callee.under_way == 0

    virtually(main())


def test_the_tail_is_that_of_two() -> None:
    """A tenth is slow, for each call by itself: of hedged requests a hundredth is."""
    rng = random.Random(1)
    callee = Callee(takes_s=lambda _: 5 if rng.random() < 0.1 else 0.01)

    async def main() -> None:
        outcomes = await sent(standing(Hedging, PLENTY), callee, evenly(100, 50))
        slow = sum(one.took_s > 1 for one in outcomes) / len(outcomes)
        expected = hedged_slow_ratio(slow_ratio=0.1, slow_ratio_of_hedge=0.1)
        assert slow == pytest.approx(expected, abs=0.006)

    virtually(main())


def test_a_quantile_costs_the_share_above_it() -> None:
    """Of calls that take evenly spread times, about a tenth is hedged at the 90th percentile."""
    rng = random.Random(1)
    callee = Callee(takes_s=lambda _: rng.uniform(0.1, 0.2))
    settings = Settings(quantile=0.9, budget=1)

    async def main() -> None:
        await sent(standing(Hedging, settings), callee, evenly(20, 150))
        extra = len(callee.begun) / 3000 - 1
        assert extra == pytest.approx(hedge_extra_ratio(hedge_quantile=0.9), abs=0.03)

    virtually(main())


@FEW
@given(budget=st.floats(0, 0.5), burst=st.floats(1, 10))
def test_a_budget_bounds_what_they_add(budget: float, burst: float) -> None:
    """When everything is late, at most its share and its burst."""
    callee = Callee(takes_s=lambda _: 1)
    settings = Settings(after_ms=100, budget=budget, burst=burst)

    async def main() -> None:
        await sent(standing(Hedging, settings), callee, evenly(20, 5))
        extra = len(callee.begun) - 100
        assert 0 < extra <= burst + 100 * budget + 1e-6

    virtually(main())


def test_the_other_counts_when_one_fails() -> None:
    """Whichever it is; when both fail, so does the request, with the first failure."""

    async def main(failing: set[int]) -> bool:
        callee = Callee(
            takes_s=lambda asked: 0.5 / asked.attempt, fails=lambda asked: asked.attempt in failing
        )
        outcome = await once(standing(Hedging, PLENTY), callee, Asked())
        assert outcome.good or isinstance(outcome.error, Failed)
        assert outcome.took_s == pytest.approx(0.5 if 2 in failing else 0.35)
        assert (outcome.answer is not None and outcome.answer.body == b"2") == outcome.good
        return outcome.good

    assert virtually(main({1}))
    assert virtually(main({2}))
    assert not virtually(main({1, 2}))
