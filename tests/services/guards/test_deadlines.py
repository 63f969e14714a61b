"""Deadlines: what travels, what is refused, and when work ends."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.deadline import (
    Deadline,
    ExpiredError,
    Limit,
    LimitSettings,
    Settings,
    deadline_of,
    header,
)
from services.patterns.guards import Answer, Asked, compose
from tests.guarded import FEW, Callee, once, standing
from tests.support import CLOSE, virtually

TIMES = st.floats(0, 1e6)


@FEW
@given(left_s=st.floats(0, 1e4), sender_s=TIMES, receiver_s=TIMES)
def test_what_is_left_travels_whatever_the_clocks_say(
    left_s: float, sender_s: float, receiver_s: float
) -> None:
    """To the millisecond's thousandth, between two clocks that differ by any amount."""
    text = header(sender_s + left_s, sender_s)
    assert deadline_of(text, receiver_s) - receiver_s == pytest.approx(left_s, abs=1e-5)


@pytest.mark.parametrize("text", [None, "", "soon", "nan", "-1", "-inf"])
def test_what_is_no_time_sets_no_deadline(text: str | None) -> None:
    """A bad header must not fail the request."""
    assert deadline_of(text, 5) == math.inf


def test_no_deadline_sends_no_header() -> None:
    """So that requests without one are as they were."""
    assert header(math.inf, 3) is None


@FEW
@given(budget_s=st.floats(0.001, 5), asked_s=st.floats(0.001, 5), takes_s=st.floats(0.001, 5))
def test_work_ends_at_the_earlier_deadline(budget_s: float, asked_s: float, takes_s: float) -> None:
    """The sender's or one's own; the callee inside hears of it, and is cancelled at it."""
    callee = Callee(takes_s=lambda _: takes_s)
    earlier_s = min(budget_s, asked_s)

    async def main() -> None:
        guard = standing(Deadline, Settings(budget_ms=1000 * budget_s))
        outcome = await once(guard, callee, Asked(deadline_s=asked_s))
        ((ended_s, asked),) = callee.ended
        assert asked.deadline_s == pytest.approx(earlier_s)
        assert ended_s == pytest.approx(min(earlier_s, takes_s), abs=CLOSE)
        if abs(takes_s - earlier_s) > CLOSE:
            assert outcome.good is (takes_s < earlier_s)

    virtually(main())


@FEW
@given(hops=st.integers(1, 5), budget_s=st.floats(0.1, 5))
def test_a_chain_has_one_deadline(hops: int, budget_s: float) -> None:
    """Each hop has a longer budget of its own; all work ends when the first one's is over."""
    ended_s = []

    async def last(_: Asked) -> Answer:
        try:
            await asyncio.sleep(100)
        finally:
            ended_s.append(asyncio.get_running_loop().time())
        return Answer()

    async def main() -> None:
        budgets = [1000 * budget_s * (1 + hop) for hop in range(hops)]
        guards = [standing(Deadline, Settings(budget_ms=budget)) for budget in budgets]

        async def chain(asked: Asked, call: object) -> Answer:
            del call
            return await compose(guards, last)(asked)

        assert isinstance((await once(chain, last)).error, TimeoutError)

    virtually(main())
    assert ended_s == pytest.approx([budget_s])


@FEW
@given(left_s=st.floats(-1, 2), needs_s=st.floats(0, 2))
def test_what_cannot_be_finished_is_not_begun(left_s: float, needs_s: float) -> None:
    """Refused before the callee hears of it, if less is left than is needed."""
    callee = Callee()

    async def main() -> None:
        guard = standing(Deadline, Settings(needs_ms=1000 * needs_s))
        outcome = await once(guard, callee, Asked(deadline_s=left_s))
        assert isinstance(outcome.error, ExpiredError) is (not left_s > needs_s)
        assert len(callee.begun) == (left_s > needs_s)

    virtually(main())


def test_a_time_limit_is_one_hops_own() -> None:
    """The callee is given up after it, and hears of no deadline."""
    callee = Callee(takes_s=lambda _: 9)

    async def main() -> None:
        outcome = await once(standing(Limit, LimitSettings(ms=250)), callee)
        assert isinstance(outcome.error, TimeoutError)
        assert outcome.took_s == pytest.approx(0.25)

    virtually(main())
    assert callee.begun[0][1].deadline_s == math.inf
