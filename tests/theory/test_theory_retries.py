"""Retries: published figures, and a queue that is replayed call by call."""

import math
import random
from collections.abc import Iterable
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import retries
from harness.theory.retries import Stability

LOADS = st.floats(1, 99)


def test_calls_per_request() -> None:
    """All used up when all fail, one when none does, 1.875 of four at one half."""
    assert retries.retry_amplification(retries=3) == 4
    assert retries.retry_amplification(retries=3, failure_ratio=0) == 1
    assert retries.retry_amplification(retries=3, failure_ratio=0.5) == 1.875


def test_layers_multiply_only_in_total_failure() -> None:
    """Four tries in three layers are 64 (SRE book); three tries 27, or two where half fail."""
    layered = retries.layered_retry_amplification
    assert layered(tries=4, layers=3) == 64
    assert layered(tries=3, layers=3) == 27
    assert layered(tries=3, layers=3, failure_ratio=0.5) == pytest.approx(2.0, abs=0.01)


def test_layers_against_a_simulation() -> None:
    """Each layer tries three times; the bottom fails with 0.6."""
    rng = random.Random(1)

    def call(layer: int) -> tuple[bool, int]:
        calls = 0
        for _ in range(3):
            good, made = (rng.random() >= 0.6, 1) if layer == 1 else call(layer - 1)
            calls += made
            if good:
                return True, calls
        return False, calls

    answers = [call(2) for _ in range(20_000)]
    seen = [float(calls) for _, calls in answers]
    chain, fails = {"tries": 3, "layers": 2}, 0.6
    figure = retries.layered_retry_amplification(**chain, failure_ratio=fails)
    assert fmean(seen) == pytest.approx(figure, abs=4 * stdev(seen) / math.sqrt(len(seen)))
    sd = retries.layered_retry_calls_sd(**chain, failure_ratio=fails)
    assert stdev(seen) == pytest.approx(sd, rel=0.03)
    failed = fmean(not good for good, _ in answers)
    lost = retries.layered_failure_ratio(**chain, failure_ratio=fails)
    assert failed == pytest.approx(lost, abs=0.003)


def test_layers_with_budgets() -> None:
    """Three budgets of a tenth allow a third more calls, and a third of the requests then fail."""
    chain = {"tries": 3, "layers": 3}
    for fails in (0.5, 1):
        calls = retries.layered_retry_amplification(**chain, failure_ratio=fails, budget=0.1)
        assert calls == pytest.approx(1.1**3)
    failed = retries.layered_failure_ratio(**chain, failure_ratio=0.5, budget=0.1)
    assert failed == pytest.approx(0.3345)


@given(failure_ratio=st.floats(0, 1), tries=st.integers(1, 4), layers=st.integers(1, 3))
def test_a_budget_is_free_or_binding(failure_ratio: float, tries: int, layers: int) -> None:
    """One as large as all retries changes nothing; one of 0 is one try; without: p^(r^L)."""
    chain = {"tries": tries, "layers": layers}

    def lost(budget: float | None) -> float:
        return retries.layered_failure_ratio(**chain, failure_ratio=failure_ratio, budget=budget)

    assert lost(None) == pytest.approx(failure_ratio ** (tries**layers), abs=1e-9)
    assert lost(0) == pytest.approx(failure_ratio)
    assert retries.layered_retry_amplification(**chain, failure_ratio=failure_ratio, budget=0) == 1
    if tries == 2:
        assert lost(1) == lost(None)


def test_layers_with_budgets_against_a_simulation() -> None:
    """Each of two layers tries three times, while it has a token; half of the calls fail."""
    rng = random.Random(1)
    tokens = [1.0, 1.0]

    def call(layer: int) -> tuple[bool, int]:
        if layer < 0:
            return rng.random() >= 0.5, 1
        tokens[layer] = min(1, tokens[layer] + 0.1)
        calls = 0
        for tried in range(3):
            if tried and tokens[layer] < 1 - 1e-9:
                break
            tokens[layer] -= bool(tried)
            good, made = call(layer - 1)
            calls += made
            if good:
                return True, calls
        return False, calls

    seen = [call(1) for _ in range(20_000)]
    chain = {"tries": 3, "layers": 2}
    calls = retries.layered_retry_amplification(**chain, failure_ratio=0.5, budget=0.1)
    # Some requests find less than a token in a bucket that later overflows.
    assert fmean(made for _, made in seen) == pytest.approx(calls, rel=0.03)
    failed = retries.layered_failure_ratio(**chain, failure_ratio=0.5, budget=0.1)
    assert fmean(not good for good, _ in seen) == pytest.approx(failed, rel=0.05)


def test_how_much_the_calls_of_layers_vary() -> None:
    """Nothing where all or none fail; of one layer, from its three cases."""
    assert retries.layered_retry_calls_sd(tries=3, layers=3, failure_ratio=0) == 0
    assert retries.layered_retry_calls_sd(tries=3, layers=3, failure_ratio=1) == 0
    once = {1: 0.5, 2: 0.25, 3: 0.25}
    mean = sum(calls * share for calls, share in once.items())
    variance = sum((calls - mean) ** 2 * share for calls, share in once.items())
    one_layer = retries.layered_retry_calls_sd(tries=3, layers=1, failure_ratio=0.5)
    assert one_layer == pytest.approx(math.sqrt(variance))


def test_budgets() -> None:
    """One more in ten."""
    assert retries.retry_budget_amplification(budget=0.1) == pytest.approx(1.1)


def test_the_hotos_example() -> None:
    """300/s and one retry: vulnerable from 150/s on; 280/s become 560/s (Bronson and others)."""
    assert retries.vulnerable_from_rps(capacity_rps=300, amplification=2) == 150
    assert retries.storm_load_rps(rate_rps=280, retries=1) == 560


@pytest.mark.parametrize(
    ("rate_rps", "state"),
    [
        (0, Stability.STABLE),
        (24.9, Stability.STABLE),
        (25, Stability.VULNERABLE),
        (99.9, Stability.VULNERABLE),
        (100, Stability.OVERLOADED),
    ],
)
def test_three_states(rate_rps: float, state: Stability) -> None:
    """100/s and three retries: they turn at 25/s and at 100/s."""
    assert retries.stability(rate_rps=rate_rps, capacity_rps=100, amplification=4) is state


def replay(
    arrivals_s: Iterable[float],
    *,
    capacity_rps: float,
    stall: tuple[float, float],
    timeout_s: float,
    tries: int = 1,
) -> list[tuple[float, float]]:
    """Give (sent, wait) of every call to a queue that serves all, dead or alive."""
    calls = sorted((one, 1) for one in arrivals_s)
    free_s, seen, later = 0.0, [], list[tuple[float, int]]()
    while calls or later:
        first = calls and (not later or calls[0] <= later[0])
        sent_s, attempt = calls.pop(0) if first else later.pop(0)
        start_s = max(sent_s, free_s)
        if stall[0] <= start_s < stall[1]:
            start_s = stall[1]
        free_s = start_s + 1 / capacity_rps
        seen.append((sent_s, free_s - sent_s))
        if free_s - sent_s > timeout_s and attempt < tries:
            later.append((sent_s + timeout_s, attempt + 1))
    return seen


@pytest.mark.parametrize(
    ("rate_rps", "stall_s", "stays"), [(70, 0.9, False), (70, 1.35, True), (20, 2, False)]
)
def test_a_stall_stays_or_passes_as_the_bracket_says(
    rate_rps: float, stall_s: float, *, stays: bool
) -> None:
    """100/s, 1 s of patience, three retries, paced: below tau it passes, above tau (2 - rho) not.

    At 20/s, below a quarter of the capacity, any stall passes.
    """
    if rate_rps > 50:
        low_s, high_s = retries.fatal_stall_bracket_s(
            rate_rps=rate_rps, capacity_rps=100, timeout_s=1
        )
        assert (stall_s < low_s) or (stall_s > high_s)
    calls = replay(
        (n / rate_rps for n in range(int(25 * rate_rps))),
        capacity_rps=100,
        stall=(2, 2 + stall_s),
        timeout_s=1,
        tries=4,
    )
    late = [wait_s > 1 for sent_s, wait_s in calls if 18 < sent_s < 24]
    assert fmean(late) == (1 if stays else 0)


def drained_s(rng: random.Random) -> float:
    """Replay a stall of 3 s at 70/s on 100/s, and tell when waits are below 0.46 s again."""
    arrivals, now_s = [], 0.0
    while (now_s := now_s + rng.expovariate(70)) < 25:
        arrivals.append(now_s)
    calls = replay(arrivals, capacity_rps=100, stall=(2, 5), timeout_s=0.46)
    return max((sent_s for sent_s, wait_s in calls if wait_s > 0.46), default=5) - 5


def test_a_backlog_drains_when_the_fluid_says_and_varies_as_a_walk() -> None:
    """5.5 s after the stall, with a standard deviation of 0.8 s."""
    drain_s = retries.drain_time_s(rate_rps=70, capacity_rps=100, stall_s=3, patience_s=0.46)
    sd_s = retries.drain_time_sd_s(rate_rps=70, capacity_rps=100, stall_s=3, drain_s=drain_s)
    assert drain_s == pytest.approx((70 * 3 - 100 * 0.46) / 30)
    rng = random.Random(7)
    seen = [drained_s(rng) for _ in range(250)]
    # The last late call comes after the first one in time, by rate / surplus^2 on average: 0.08 s.
    assert fmean(seen) == pytest.approx(drain_s + 70 / 30**2, abs=4 * sd_s / math.sqrt(250))
    assert stdev(seen) == pytest.approx(sd_s, rel=4 / math.sqrt(500))


def test_a_budget_makes_the_backlog_drain_later() -> None:
    """A tenth more, and a burst of ten: 8.3 s; half more never drains."""
    load = {"rate_rps": 70.0, "capacity_rps": 100.0, "stall_s": 3.0, "patience_s": 0.46}
    drain_s = retries.drain_time_s(**load, retry_ratio=0.1, extra_calls=10)
    assert drain_s == pytest.approx((210 + 0.1 * 70 * 2.54 + 10 - 46) / 23)
    assert retries.drain_time_s(**load, retry_ratio=0.5) == math.inf


def test_a_short_stall_leaves_nothing_to_drain() -> None:
    """70/s x 0.5 s are served in 0.35 s."""
    drain_s = retries.drain_time_s(rate_rps=70, capacity_rps=100, stall_s=0.5, patience_s=0.46)
    assert drain_s == 0


def test_no_spread_without_a_surplus() -> None:
    """It would be infinite."""
    with pytest.raises(ValueError, match="must exceed"):
        retries.drain_time_sd_s(rate_rps=100, capacity_rps=100, stall_s=3, drain_s=5)


@given(LOADS, st.floats(0, 10), st.floats(0, 10))
def test_longer_stalls_never_drain_earlier(rate_rps: float, one_s: float, other_s: float) -> None:
    """At any load below the capacity."""
    short_s, long_s = sorted((one_s, other_s))

    def drain_s(stall_s: float) -> float:
        return retries.drain_time_s(
            rate_rps=rate_rps, capacity_rps=100, stall_s=stall_s, patience_s=0.5
        )

    assert drain_s(short_s) <= drain_s(long_s)


def test_backoff_doubles_up_to_its_cap() -> None:
    """From the base on; a huge number of retries does not overflow."""
    bounds = [retries.backoff_bound_s(retry=n, base_s=0.1, cap_s=0.5) for n in (1, 2, 3, 4, 5000)]
    assert bounds == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])


def test_serial_clients_slow_down_by_pausing() -> None:
    """20 clients, 0.1 s a try: 200/s without a pause, 40/s with 0.4 s."""
    assert retries.serial_attempts_rps(clients=20, attempt_s=0.1, pause_s=0) == pytest.approx(200)
    assert retries.serial_attempts_rps(clients=20, attempt_s=0.1, pause_s=0.4) == pytest.approx(40)
