"""Delivery: blast radius, polls and canaries, against draws and known figures."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import chance, delivery

DRAWS = 4000


def test_blast_radius() -> None:
    """All for ten seconds; a host of four for one; five errors on each; a cell of four."""
    assert delivery.outage_requests(rate_rps=80, duration_s=10) == 800
    assert delivery.staged_requests(rate_rps=80, hosts=4, stage_hosts=1, detect_s=1) == 20
    assert delivery.trial_failures(hosts=4, trial_errors=5) == 20
    assert delivery.blast_radius(cells=4) == 0.25


def test_no_stage_is_larger_than_the_fleet() -> None:
    """Nor are more cells reached than there are."""
    with pytest.raises(ValueError, match="stage_hosts must be at most 4, not 5"):
        delivery.staged_requests(rate_rps=80, hosts=4, stage_hosts=5, detect_s=1)
    with pytest.raises(ValueError, match="reached must be at most 4, not 5"):
        delivery.blast_radius(cells=4, reached=5)


def test_polls() -> None:
    """Half a period on average, and four fifths of one until the last of four has it."""
    rng = random.Random(1)
    polls = [[rng.uniform(0, 2) for _ in range(4)] for _ in range(DRAWS)]
    sd = chance.uniform_sd(width=2)
    mean_s = fmean(map(fmean, polls))
    assert mean_s == pytest.approx(
        delivery.poll_delay_mean_s(period_s=2), abs=4 * sd / math.sqrt(4 * DRAWS)
    )
    last_s = delivery.slowest_poll_mean_s(period_s=2, pollers=4)
    assert last_s == pytest.approx(1.6)
    assert fmean(map(max, polls)) == pytest.approx(last_s, abs=4 * sd / math.sqrt(DRAWS))


@given(st.floats(0, 1), st.integers(0, 1000))
def test_a_canary_sees_more_with_more_requests(failure_ratio: float, requests: int) -> None:
    """A probability, and 0 of nothing."""
    seen = delivery.detection_probability(failure_ratio=failure_ratio, requests=requests)
    more = delivery.detection_probability(failure_ratio=failure_ratio, requests=requests + 1)
    assert 0 <= seen <= more <= 1
    assert delivery.detection_probability(failure_ratio=failure_ratio, requests=0) == 0


def test_one_in_a_hundred_is_seen_in_a_hundred_two_times_of_three() -> None:
    """63.4 %."""
    seen = delivery.detection_probability(failure_ratio=0.01, requests=100)
    assert seen == pytest.approx(0.634, abs=1e-3)


@pytest.mark.parametrize(("base", "canary", "requests"), [(0.01, 0.02, 1000), (0.05, 0.1, 300)])
def test_power_against_draws(base: float, canary: float, requests: int) -> None:
    """A canary and a baseline, compared by a two-sided test at 5 %."""
    rng = random.Random(2)

    def errors(ratio: float) -> int:
        return sum(rng.random() < ratio for _ in range(requests))

    def is_seen() -> bool:
        first, second = errors(base), errors(canary)
        mean = (first + second) / (2 * requests)
        sd = math.sqrt(2 * mean * (1 - mean) / requests)
        return abs(second - first) / requests > 1.96 * sd

    runs = 1000
    seen = fmean(is_seen() for _ in range(runs))
    figure = delivery.canary_power(base_ratio=base, canary_ratio=canary, requests=requests)
    # Counts of ten are not quite normal: some points beside chance.
    assert seen == pytest.approx(figure, abs=4 * math.sqrt(0.25 / runs) + 0.03)


def test_known_powers() -> None:
    """1 % against 2 %: 45 % in 1,000, or 58 % one-sided; 2,300 for 80 %; 5 % is seen in 500."""
    power = delivery.canary_power
    assert power(base_ratio=0.01, canary_ratio=0.02, requests=1000) == pytest.approx(
        0.452, abs=1e-3
    )
    one_sided = power(base_ratio=0.01, canary_ratio=0.02, requests=1000, alpha=0.1)
    assert one_sided == pytest.approx(0.577, abs=2e-3)
    assert power(base_ratio=0.01, canary_ratio=0.05, requests=500) > 0.95
    assert power(base_ratio=0.3, canary_ratio=0.5, requests=100) == pytest.approx(0.828, abs=1e-3)
    requests = delivery.canary_requests(base_ratio=0.01, canary_ratio=0.02)
    assert 2200 < requests < 2400
    assert power(base_ratio=0.01, canary_ratio=0.02, requests=requests) == pytest.approx(
        0.8, abs=1e-3
    )


def test_equal_ratios_cannot_be_told_apart() -> None:
    """No number of requests is enough."""
    with pytest.raises(ValueError, match="canary_ratio must differ from base_ratio"):
        delivery.canary_requests(base_ratio=0.01, canary_ratio=0.01)
