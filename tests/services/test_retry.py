"""Retries: how often, on what, after which pauses, within which budget."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.retry import Backoff, Jitter, Retry, RetryBudget
from tests.guarded import Longest
from tests.support import virtually

MS = st.one_of(st.just(0.0), st.floats(min_value=1e-3, max_value=1e6))
RETRIES = st.integers(min_value=1, max_value=2000)
SEEDS = st.integers(min_value=0, max_value=2**32)
ROUNDING = 1e-6


class Flaky:
    """Fails a number of times, then succeeds; notes the number and time of each attempt."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self._failures = failures
        self._error = error or ConnectionError("no")
        self.numbers: list[int] = []
        self.times_s: list[float] = []

    async def __call__(self, number: int) -> str:
        self.numbers.append(number)
        self.times_s.append(asyncio.get_running_loop().time())
        if len(self.numbers) <= self._failures:
            raise self._error
        return "done"


def attempted(policy: Retry, attempt: Callable[[int], Awaitable[str]]) -> str:
    return virtually(policy.run(attempt, random.Random(1)))


def exponential(backoff: Backoff, retry: int) -> float:
    """Give the bound that doubles from the base up to the cap, without overflowing."""
    bound = backoff.base_ms
    while retry > 1 and 0 < bound < backoff.cap_ms:
        bound, retry = 2 * bound, retry - 1
    return min(backoff.cap_ms, bound)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_it_tries_until_one_attempt_succeeds(failures: int) -> None:
    """Attempts are numbered from 1, and none follows a success."""
    flaky = Flaky(failures)
    assert attempted(Retry(tries=3, on=(ConnectionError,)), flaky) == "done"
    assert flaky.numbers == list(range(1, failures + 2))


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_it_gives_up_after_so_many_tries_with_the_last_error(tries: int) -> None:
    """`tries` counts the first attempt too; the caller sees the attempt's own error."""
    flaky = Flaky(99)
    with pytest.raises(ConnectionError, match="no"):
        attempted(Retry(tries=tries, on=(ConnectionError,)), flaky)
    assert flaky.numbers == list(range(1, tries + 1))


def test_it_does_not_retry_other_errors() -> None:
    """Only what is listed is worth another try; subclasses are what they are."""
    flaky = Flaky(9, ValueError())
    with pytest.raises(ValueError, match=r"^$"):
        attempted(Retry(tries=5, on=(ConnectionError, TimeoutError)), flaky)
    assert flaky.numbers == [1]
    flaky = Flaky(1, ConnectionResetError())
    assert attempted(Retry(tries=5, on=(ConnectionError,)), flaky) == "done"


def test_it_stops_when_it_is_cancelled_in_a_pause() -> None:
    """Nobody waits any more, so nothing is tried any more."""
    flaky = Flaky(99)
    policy = Retry(
        tries=5, on=(ConnectionError,), backoff=Backoff(base_ms=1000, jitter=Jitter.NONE)
    )

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await policy.run(flaky, random.Random(1))
        await asyncio.sleep(100)

    virtually(main())
    assert flaky.times_s == [0, 1]


def test_pauses_double_up_to_the_cap() -> None:
    """In virtual time: 100, 200, 400, then 500 ms each."""
    backoff = Backoff(base_ms=100, cap_ms=500, jitter=Jitter.NONE)
    flaky = Flaky(5)
    assert attempted(Retry(tries=6, on=(ConnectionError,), backoff=backoff), flaky) == "done"
    assert flaky.times_s == pytest.approx([0, 0.1, 0.3, 0.7, 1.2, 1.7])


def test_without_a_base_there_is_no_pause() -> None:
    """The default retries at once, and so does every kind of jitter."""
    for jitter in Jitter:
        flaky = Flaky(3)
        attempted(Retry(tries=4, on=(ConnectionError,), backoff=Backoff(jitter=jitter)), flaky)
        assert flaky.times_s == [0] * 4
        assert Backoff(jitter=jitter).pause_ms(1, random.Random(1)) == 0


@given(MS, MS, RETRIES, SEEDS)
def test_full_jitter_stays_between_nothing_and_the_bound(
    base_ms: float, cap_ms: float, retry: int, seed: int
) -> None:
    """0 <= pause <= min(cap, base x 2^(n-1)), for any number of retries."""
    backoff = Backoff(base_ms=base_ms, cap_ms=cap_ms, jitter=Jitter.FULL)
    pause_ms = backoff.pause_ms(retry, random.Random(seed))
    assert 0 <= pause_ms <= exponential(backoff, retry)


@given(MS, MS, RETRIES, SEEDS)
def test_equal_jitter_stays_in_the_upper_half(
    base_ms: float, cap_ms: float, retry: int, seed: int
) -> None:
    """Half of the bound for certain, the rest by chance."""
    backoff = Backoff(base_ms=base_ms, cap_ms=cap_ms, jitter=Jitter.EQUAL)
    bound = exponential(backoff, retry)
    assert bound / 2 <= backoff.pause_ms(retry, random.Random(seed)) <= bound


@given(MS, MS, RETRIES, SEEDS)
def test_no_jitter_is_the_bound_itself(
    base_ms: float, cap_ms: float, retry: int, seed: int
) -> None:
    """Everybody comes back at the same time."""
    backoff = Backoff(base_ms=base_ms, cap_ms=cap_ms, jitter=Jitter.NONE)
    assert backoff.pause_ms(retry, random.Random(seed)) == exponential(backoff, retry)


def test_full_jitter_spreads_over_the_whole_range() -> None:
    """Uniform: a tenth of the draws in each tenth of the bound."""
    rng = random.Random(1)
    backoff = Backoff(base_ms=100, jitter=Jitter.FULL)
    tenths = [int(backoff.pause_ms(1, rng) // 10) for _ in range(10_000)]
    assert all(900 < tenths.count(tenth) < 1100 for tenth in range(10))


@given(MS, MS, MS, SEEDS)
def test_decorrelated_jitter_stays_between_the_base_and_three_times_the_last_pause(
    base_ms: float, cap_ms: float, last_ms: float, seed: int
) -> None:
    """The base <= pause <= 3 x the one before, which was at least the base; never above the cap."""
    backoff = Backoff(base_ms=base_ms, cap_ms=cap_ms, jitter=Jitter.DECORRELATED)
    pause_ms = backoff.pause_ms(7, random.Random(seed), last_ms)
    longest = 3 * max(base_ms, last_ms)
    assert min(cap_ms, base_ms) <= pause_ms <= min(cap_ms, longest + ROUNDING)


@pytest.mark.parametrize(("last_ms", "longest"), [(0, 300), (100, 300), (200, 600)])
def test_decorrelated_jitter_spreads_over_the_whole_range(last_ms: float, longest: float) -> None:
    """Uniform from the base on; before the first retry there was no pause, and the base counts."""
    rng = random.Random(1)
    backoff = Backoff(base_ms=100, jitter=Jitter.DECORRELATED)
    drawn = [backoff.pause_ms(1, rng, last_ms) for _ in range(10_000)]
    tenths = [int(10 * (pause_ms - 100) / (longest - 100)) for pause_ms in drawn]
    assert all(900 < tenths.count(tenth) < 1100 for tenth in range(10))


def test_decorrelated_pauses_follow_each_other() -> None:
    """The longest that can be drawn: three times the one before, up to the cap."""
    backoff = Backoff(base_ms=100, cap_ms=2000, jitter=Jitter.DECORRELATED)
    flaky = Flaky(4)
    virtually(Retry(tries=5, on=(ConnectionError,), backoff=backoff).run(flaky, Longest()))
    assert flaky.times_s == pytest.approx([0, 0.3, 1.2, 3.2, 5.2])


@given(
    st.floats(min_value=0, max_value=2),
    st.floats(min_value=0, max_value=50),
    st.lists(st.booleans(), max_size=300),
)
def test_a_budget_is_never_overdrawn(ratio: float, burst: float, steps: list[bool]) -> None:
    """After any sequence of requests and retries: retries <= burst + ratio x requests."""
    budget = RetryBudget(ratio, burst=burst)
    requests = retries = 0
    for is_request in steps:
        if is_request:
            budget.deposit()
            requests += 1
        else:
            retries += budget.withdraw()
        assert retries <= burst + ratio * requests + ROUNDING


def test_a_budget_gives_what_it_promises() -> None:
    """A tenth: once the burst is spent, exactly every tenth request may be retried."""
    budget = RetryBudget(0.1, burst=3)
    allowed = []
    for _ in range(100):
        budget.deposit()
        allowed.append(budget.withdraw())
    assert allowed[:3] == [True] * 3
    assert sum(allowed) == 3 + 9
    assert sum(allowed[13:]) == pytest.approx(0.1 * 87, abs=1)


def test_a_budget_keeps_no_more_than_its_burst() -> None:
    """A long quiet time does not buy a storm."""
    budget = RetryBudget(0.5, burst=2)
    for _ in range(1000):
        budget.deposit()
    assert [budget.withdraw() for _ in range(4)] == [True, True, False, False]


def test_under_total_failure_a_budget_bounds_the_load() -> None:
    """1 + ratio attempts a request, beyond the burst; each request counts, each retry pays."""
    policy = Retry(tries=4, on=(ConnectionError,), budget=RetryBudget(0.1, burst=10))
    flaky = Flaky(10_000)
    requests = 1000

    async def main() -> None:
        for _ in range(requests):
            with pytest.raises(ConnectionError):
                await policy.run(flaky, random.Random(1))

    virtually(main())
    retries = len(flaky.numbers) - requests
    assert retries == pytest.approx(10 + 0.1 * requests, abs=1)


def test_a_success_pays_nothing() -> None:
    """Only a retry takes a token."""
    budget = RetryBudget(0, burst=1)
    policy = Retry(tries=2, on=(ConnectionError,), budget=budget)
    for _ in range(5):
        attempted(policy, Flaky(0))
    assert budget.withdraw()


def test_the_last_try_pays_nothing() -> None:
    """A request that has no try left must not take a token for the one that it does not make."""
    budget = RetryBudget(0, burst=3)
    policy = Retry(tries=3, on=(ConnectionError,), budget=budget)
    with pytest.raises(ConnectionError):
        attempted(policy, Flaky(99))
    assert [budget.withdraw(), budget.withdraw()] == [True, False]


def test_ten_deposits_of_a_tenth_pay_for_one_retry() -> None:
    """Though in binary they make a little less than one; nine do not."""
    budget = RetryBudget(0.1, burst=1)
    assert budget.withdraw()
    for _ in range(9):
        budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    assert budget.withdraw()
    assert not budget.withdraw()
