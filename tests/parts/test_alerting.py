"""Alert rules: what each fires at, how soon it ends, and that windows count what is in them."""

import asyncio
from importlib import import_module
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.theory.alerting import burn_alert_delay_s
from tests.guarded import FEW, now_s
from tests.support import virtually

PART = "services.patterns.alerting"
SABOTAGE = {
    "forgets the short window": (
        "return bad_ratio(self.short_s) > most and bad_ratio(self.long_s) > most",
        "return bad_ratio(self.long_s) > most",
        "test_a_burn_alert_ends_with_its_cause",
    ),
    "forgets the long window": (
        "return bad_ratio(self.short_s) > most and bad_ratio(self.long_s) > most",
        "return bad_ratio(self.short_s) > most",
        "test_a_blip_pages_by_threshold_alone",
    ),
    "counts what is older": (
        "if one[0] > since_s]",
        "]",
        "test_a_window_holds_what_is_in_it",
    ),
    "forgets too much": (
        "< self._now() - keep_s:",
        "< self._now():",
        "test_a_window_holds_what_is_in_it",
    ),
}
RATE = 10
"""Events a second."""


def rule(kind: str, limit: float) -> Any:
    module = import_module(PART)
    return module.Rule(kind=module.Kind(kind), limit=limit, short_s=1, long_s=20, slo=0.99)


async def fired(one: Any, *bad: tuple[float, float, float]) -> list[float]:
    """Give the times at which a rule fires in a minute; `bad` are windows and their bad share."""
    events = import_module(PART).Events(now_s)
    times_s = []
    for number in range(60 * RATE):
        share = sum(ratio for start_s, end_s, ratio in bad if start_s <= number / RATE < end_s)
        events.add(good=1 - share, bad=share, keep_s=20)
        if one.fires(events.bad_ratio):
            times_s.append(number / RATE)
        await asyncio.sleep(1 / RATE)
    return times_s


@FEW
@given(ages_s=st.lists(st.integers(0, 40), max_size=20), span_s=st.integers(1, 30))
def windows(ages_s: list[int], span_s: int) -> None:
    async def main() -> None:
        events = import_module(PART).Events(now_s)
        for second in range(41):
            count = ages_s.count(40 - second)
            events.add(good=1, bad=count, keep_s=30)
            await asyncio.sleep(1 if second < 40 else 0)
        bad = sum(age < span_s for age in ages_s)
        assert events.bad_ratio(span_s) == bad / (bad + span_s)

    virtually(main())


def test_a_window_holds_what_is_in_it() -> None:
    """Whatever there was before; without an event nothing is bad."""
    windows()
    assert import_module(PART).Events(lambda: 0.0).bad_ratio(1) == 0


def test_a_blip_pages_by_threshold_alone() -> None:
    """One second at 30 % spends little of the budget: 1.5 % of the long window."""
    blip = (30, 31, 0.3)
    assert virtually(fired(rule("threshold", 0.05), blip))
    assert not virtually(fired(rule("burn", 5), blip))


def test_a_slow_leak_pages_by_burn_rate_alone() -> None:
    """Three per cent for long is three times what the objective allows, and no threshold's blip."""
    leak = (5, 60, 0.03)
    assert not virtually(fired(rule("threshold", 0.05), leak))
    assert virtually(fired(rule("burn", 2), leak))


def test_a_burn_alert_begins_when_the_long_window_says_so() -> None:
    """By the closed form: burn x budget x window / share of errors."""
    times_s = virtually(fired(rule("burn", 5), (30, 60, 0.5)))
    delay_s = burn_alert_delay_s(burn_rate_limit=5, window_s=20, slo=0.99, error_ratio=0.5)
    assert abs(min(times_s) - 30 - delay_s) <= 2 / RATE


def test_a_burn_alert_ends_with_its_cause() -> None:
    """Within the short window, though the long one still holds what was bad."""
    times_s = virtually(fired(rule("burn", 5), (30, 40, 0.5)))
    assert 40 <= max(times_s) <= 41


def test_a_budget_that_is_spent_as_allowed_pages_nobody() -> None:
    """At a burn rate of exactly the limit."""
    assert not virtually(fired(rule("burn", 1), (0, 60, 0.01)))


def test_a_budget_that_is_spent_exactly_as_fast_as_allowed_pages_nobody() -> None:
    """Though in binary twice a tenth, made of 1 - 0.9, is a little less than a fifth."""
    module = import_module(PART)
    burn = module.Rule(kind=module.Kind.BURN, limit=2, short_s=1, long_s=20, slo=0.9)
    assert not burn.fires(lambda _: 0.2)
    assert burn.fires(lambda _: 0.2001)
