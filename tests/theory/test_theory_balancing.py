"""Load balancing: published figures, and queues and herds that are drawn."""

import math
import random
from collections import Counter
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import balancing


def test_turns_ask_nobody() -> None:
    """A quarter for each of four; three quarters are well when one is overloaded."""
    assert balancing.round_robin_share(replicas=4) == 0.25
    assert balancing.overloaded_success_ratio(replicas=4) == 0.75
    assert balancing.overloaded_success_ratio(replicas=4, overloaded=4) == 0
    with pytest.raises(ValueError, match="overloaded must be at most 4, not 5"):
        balancing.overloaded_success_ratio(replicas=4, overloaded=5)


@given(st.floats(0, 100), st.integers(1, 10))
def test_what_cannot_be_served(offered_erlangs: float, servers: int) -> None:
    """What is served and what is not add up to what is offered."""
    ratio = balancing.excess_ratio(offered_erlangs=offered_erlangs, servers=servers)
    served = min(offered_erlangs, servers)
    assert served + ratio * offered_erlangs == pytest.approx(offered_erlangs)


def test_a_herd_queues_until_the_next_report() -> None:
    """100/s on 50/s for a second: 50."""
    assert balancing.herd_backlog(rate_rps=100, capacity_rps=50, report_s=1) == 50
    assert balancing.herd_backlog(rate_rps=40, capacity_rps=50, report_s=1) == 0


def herd_waits_s(rng: random.Random, report_s: float, periods: int) -> list[float]:
    """Send 80/s to the one of five that had least in flight in the period before, 50 ms each."""
    free_s, inside, waits = [0.0] * 5, [[(0.0, 0.0)] for _ in range(5)], []
    for period in range(periods):
        start_s, end_s = period * report_s, (period + 1) * report_s
        before_s = start_s - report_s
        loads = [
            sum(max(0.0, min(out, start_s) - max(come, before_s)) for come, out in each)
            for each in inside
        ]
        now_s = start_s + rng.expovariate(80)
        while now_s < end_s:
            one = min(range(5), key=lambda at: (loads[at], rng.random()))
            waits.append(max(0.0, free_s[one] - now_s))
            free_s[one] = max(free_s[one], now_s) + 0.05
            inside[one].append((now_s, free_s[one]))
            now_s += rng.expovariate(80)
    return waits[len(waits) // 4 :]


def test_a_herd_waits_in_proportion_to_the_age_of_its_figures() -> None:
    """Whatever the policy is meant to do: 1.5 s for each second of age; and how much it varies."""
    rng = random.Random(1)
    runs = [fmean(herd_waits_s(rng, 1, 40)) for _ in range(60)]
    mean_s = balancing.herd_mean_wait_s(rate_rps=80, capacity_rps=20, report_s=1)
    sd_s = balancing.herd_mean_wait_sd_s(rate_rps=80, capacity_rps=20, report_s=1, duration_s=30)
    assert mean_s == 1.5
    assert fmean(runs) == pytest.approx(mean_s, rel=0.03)
    assert stdev(runs) == pytest.approx(sd_s, rel=0.4)
    assert balancing.herd_mean_wait_s(rate_rps=20, capacity_rps=20, report_s=1) == 0


def test_a_slice_of_a_herd() -> None:
    """Reports each second, slices of half of one at any phase: 87.5 % go to one replica."""
    rng, seen = random.Random(1), []
    for _ in range(4000):
        start_s = rng.uniform(0, 1)
        before = max(0.0, min(1 - start_s, 0.5)) / 0.5
        seen.append(max(before, 1 - before))
    figure = balancing.herd_share(slice_s=0.5, report_s=1)
    assert figure == 0.875
    assert fmean(seen) == pytest.approx(figure, abs=4 * 0.17 / math.sqrt(4000))
    with pytest.raises(ValueError, match="slice_s must be at most 1, not 2"):
        balancing.herd_share(slice_s=2, report_s=1)


@pytest.mark.parametrize(
    ("utilisation", "choices", "mean"),
    [(0.9, 1, 10), (0.9, 2, 2.61), (0.9, 3, 2.03), (0.95, 2, 3.38), (0.99, 2, 5.43)],
)
def test_two_choices(utilisation: float, choices: int, mean: float) -> None:
    """Mitzenmacher's figures, in service times."""
    figure = balancing.choices_mean_response(utilisation=utilisation, choices=choices)
    assert figure == pytest.approx(mean, abs=5e-3)


def test_two_choices_bound_a_herd() -> None:
    """Of four, the least loaded is among two drawn half of the time; of all, always."""
    rng, draws = random.Random(3), 4000
    seen = fmean(0 in rng.sample(range(4), 2) for _ in range(draws))
    share = balancing.choices_top_share(replicas=4, choices=2)
    assert share == 0.5
    assert seen == pytest.approx(share, abs=4 * 0.5 / math.sqrt(draws))
    assert balancing.choices_top_share(replicas=4, choices=4) == 1
    with pytest.raises(ValueError, match="choices must be at most 4, not 5"):
        balancing.choices_top_share(replicas=4, choices=5)


def test_no_steady_state_at_full_load() -> None:
    """The sum would not end."""
    with pytest.raises(ValueError, match="utilisation must be below 1"):
        balancing.choices_mean_response(utilisation=1, choices=2)
    assert balancing.choices_mean_response(utilisation=0, choices=2) == 1


@given(st.floats(0, 0.999), st.integers(1, 10))
def test_more_choices_never_wait_longer(utilisation: float, choices: int) -> None:
    """And never less than one service."""
    fewer = balancing.choices_mean_response(utilisation=utilisation, choices=choices)
    more = balancing.choices_mean_response(utilisation=utilisation, choices=choices + 1)
    assert 1 - 1e-9 <= more <= fewer * (1 + 1e-9)


def fullest(rng: random.Random, bins: int, choices: int) -> int:
    loads = Counter[int]()
    for _ in range(bins):
        loads[min((rng.randrange(bins) for _ in range(choices)), key=loads.__getitem__)] += 1
    return max(loads.values())


def test_balls_into_bins() -> None:
    """Of 1,000, the orders are right: two choices 3 where chance makes 5.5."""
    rng = random.Random(2)
    one, two = (fmean(fullest(rng, 1000, choices) for _ in range(20)) for choices in (1, 2))
    assert one > balancing.random_max_load(bins=1000) > balancing.two_choices_max_load(bins=1000)
    assert two == pytest.approx(balancing.two_choices_max_load(bins=1000), abs=1)
