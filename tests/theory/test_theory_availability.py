"""Availability: textbook figures, and parts that are toggled."""

import math
import random
from functools import partial
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import availability

SHARES = st.floats(0, 1)


def test_chains_and_spares() -> None:
    """Five of 99.9 % in a row, two of 99 % side by side; nothing in a row is always up."""
    assert availability.series_availability(*(0.999,) * 5) == pytest.approx(0.995, abs=1e-4)
    assert availability.parallel_availability(0.99, 0.99) == pytest.approx(0.9999)
    assert availability.series_availability() == 1
    assert availability.parallel_availability() == 0


@given(st.lists(SHARES, min_size=1, max_size=6))
def test_chains_are_worse_than_their_worst_and_spares_better_than_their_best(
    parts: list[float],
) -> None:
    """Whatever the parts."""
    assert availability.series_availability(*parts) <= min(parts)
    assert availability.parallel_availability(*parts) >= max(parts) - 1e-12


@pytest.mark.parametrize(("correlation", "both"), [(0, 0.01), (0.3, 0.037), (0.7, 0.073), (1, 0.1)])
def test_correlated_failures(correlation: float, both: float) -> None:
    """Two replicas, down with 0.1; with a probability of phi one coin decides for both."""
    figure = availability.joint_failure_probability(failure_ratio=0.1, correlation=correlation)
    assert figure == pytest.approx(both)
    rng, draws = random.Random(1), 20_000

    def both_down() -> bool:
        if rng.random() < correlation:
            return rng.random() < 0.1
        return rng.random() < 0.1 and rng.random() < 0.1

    seen = fmean(both_down() for _ in range(draws))
    assert seen == pytest.approx(figure, abs=4 * math.sqrt(figure / draws))


@pytest.mark.parametrize(("own", "shared", "all_down"), [(0.1, 0.2, 0.2008), (0.3, 0, 0.027)])
def test_what_all_replicas_share_is_the_least_that_is_lost(
    own: float, shared: float, all_down: float
) -> None:
    """Three of them, by drawing each and what they share."""
    causes = {"own_ratio": own, "shared_ratio": shared}
    figure = availability.shared_cause_failure_ratio(**causes, replicas=3)
    assert figure == pytest.approx(all_down)
    assert availability.shared_cause_failure_ratio(**causes, replicas=99) == pytest.approx(shared)
    rng, draws = random.Random(3), 20_000
    seen = fmean(
        rng.random() < shared or all(rng.random() < own for _ in range(3)) for _ in range(draws)
    )
    assert seen == pytest.approx(figure, abs=4 * math.sqrt(figure / draws))


@given(st.floats(0.01, 0.99), st.floats(0, 1))
def test_correlation_is_what_makes_parts_fail_together(ratio: float, correlation: float) -> None:
    """The two formulas undo each other."""
    both = availability.joint_failure_probability(failure_ratio=ratio, correlation=correlation)
    joint = min(both, ratio)  # Where rounding has put it above.
    found = availability.failure_correlation(failure_ratio=ratio, joint_ratio=joint)
    assert found == pytest.approx(correlation, abs=1e-9)


def test_both_are_not_down_more_often_than_one() -> None:
    """Nor less often than they must be."""
    with pytest.raises(ValueError, match=r"joint_ratio must be from 0 to 0.1, not 0.2"):
        availability.failure_correlation(failure_ratio=0.1, joint_ratio=0.2)
    with pytest.raises(ValueError, match=r"joint_ratio must be from 0.6 to 0.8, not 0.5"):
        availability.failure_correlation(failure_ratio=0.8, joint_ratio=0.5)


def up_share(rng: random.Random, duration_s: float) -> float:
    """Toggle a part, 4 s up and 1 s down on average; it starts as a random moment finds it."""
    now_s, up_s, up = 0.0, 0.0, rng.random() < 0.8
    while now_s < duration_s:
        lasts_s = min(rng.expovariate(0.25 if up else 1), duration_s - now_s)
        up_s += lasts_s if up else 0
        now_s, up = now_s + lasts_s, not up
    return up_s / duration_s


def test_repair_times() -> None:
    """4 s up, 1 s down: 80 %, within 4 points in 200 s; half the repair is 89 %."""
    figure = availability.steady_availability(mtbf_s=4, mttr_s=1)
    assert figure == pytest.approx(0.8)
    assert availability.steady_availability(mtbf_s=4, mttr_s=0.5) == pytest.approx(8 / 9)
    sd = availability.steady_availability_sd(mtbf_s=4, mttr_s=1, duration_s=200)
    rng, runs = random.Random(2), 1000
    seen = [up_share(rng, 200) for _ in range(runs)]
    assert fmean(seen) == pytest.approx(figure, abs=4 * sd / math.sqrt(runs))
    assert stdev(seen) == pytest.approx(sd, rel=4 / math.sqrt(2 * runs))


@pytest.mark.parametrize(("slo", "minutes"), [(0.99, 432), (0.999, 43.2), (0.9995, 21.6)])
def test_error_budgets(slo: float, minutes: float) -> None:
    """Of 30 days."""
    budget_s = availability.error_budget_s(slo=slo, period_s=30 * 86_400)
    assert budget_s == pytest.approx(60 * minutes)


def test_connections_run_into_an_expired_certificate() -> None:
    """63 % after one mean life."""
    ratio = availability.expired_connection_ratio(elapsed_s=5, mean_life_s=5)
    assert ratio == pytest.approx(0.632, abs=1e-3)


@pytest.mark.parametrize(
    ("instances", "rate_rps", "capacity_rps", "spare"),
    [(4, 16, 10, 2), (4, 20, 10, 2), (4, 20.1, 10, 1), (4, 0.3, 0.1, 1), (2, 50, 10, 0)],
)
def test_spare_instances(instances: int, rate_rps: float, capacity_rps: float, spare: int) -> None:
    """The others carry the load, and with one fewer they would not."""
    found = availability.spare_instances(
        instances=instances, rate_rps=rate_rps, capacity_rps=capacity_rps
    )
    assert found == spare
    if spare:
        assert (instances - spare) * capacity_rps >= rate_rps - 1e-9
        assert (instances - spare - 1) * capacity_rps < rate_rps


def test_times_of_any_kind_vary_less_or_more() -> None:
    """The exponential case is the one above; fixed times do not vary; runs are drawn."""
    exponential = availability.alternating_share_sd(
        up_mean_s=4, up_sd_s=4, down_mean_s=1, down_sd_s=1, duration_s=200
    )
    known = availability.steady_availability_sd(mtbf_s=4, mttr_s=1, duration_s=200)
    assert exponential == pytest.approx(known)
    fixed = availability.alternating_share_sd(
        up_mean_s=4, up_sd_s=0, down_mean_s=1, down_sd_s=0, duration_s=200
    )
    assert fixed == 0

    def share(rng: random.Random) -> float:
        """Up from 2 to 6 s, evenly; down for 3 s; from a moment long after the start."""
        now_s, up_s = -50.0 - 7 * rng.random(), 0.0
        while now_s < 350:
            end_s = now_s + 2 + 4 * rng.random()
            up_s += max(0.0, min(end_s, 350) - max(now_s, 0))
            now_s = end_s + 3
        return up_s / 350

    rng = random.Random(1)
    seen = [share(rng) for _ in range(2000)]
    sd = availability.alternating_share_sd(
        up_mean_s=4, up_sd_s=4 / math.sqrt(12), down_mean_s=3, down_sd_s=0, duration_s=350
    )
    assert stdev(seen) == pytest.approx(sd, rel=0.1)
    assert fmean(seen) == pytest.approx(4 / 7, abs=4 * sd / math.sqrt(2000))


def test_an_outage_counts_where_it_outlasts_the_wait() -> None:
    """Half as long is worth more than half as often, once somebody waits."""
    base = {"mtbf_s": 1, "mttr_s": 0.2}
    at_once = availability.outlasting_outage_ratio(**base, wait_s=0)
    assert at_once == pytest.approx(1 - availability.steady_availability(**base))
    rarer = availability.outlasting_outage_ratio(mtbf_s=2, mttr_s=0.2, wait_s=0.2)
    quicker = availability.outlasting_outage_ratio(mtbf_s=1, mttr_s=0.1, wait_s=0.2)
    assert rarer == pytest.approx(math.exp(-1) / 11)
    assert rarer / quicker == pytest.approx(math.e)


crewed = partial(availability.crewed_availability, mtbf_s=1, mttr_s=0.2)


def test_crews_enough_are_no_limit() -> None:
    """Then stages are up independently: the algebra of chains and spares."""
    part = availability.steady_availability(mtbf_s=1, mttr_s=0.2)
    stage = availability.parallel_availability(part, part)
    for crews in (None, 6, 99):
        found = crewed(stages=3, copies=2, crews=crews)
        assert found == pytest.approx(availability.series_availability(*[stage] * 3))


def test_one_crew_for_two() -> None:
    """Both are down with 2 r^2 / (1 + 2 r + 2 r^2), where two crews have r^2 / (1 + r)^2."""
    one = crewed(stages=1, copies=2, crews=1)
    assert 1 - one == pytest.approx(2 * 0.04 / (1 + 0.4 + 0.08))
    assert 1 - crewed(stages=1, copies=2) == pytest.approx(0.04 / 1.44)


def test_ten_parts_and_a_crew_are_worse_than_five_parts() -> None:
    """Held against a chain that is played, event by event."""
    doubled = crewed(stages=5, copies=2, crews=1)
    assert doubled < crewed(stages=5, crews=1) < crewed(stages=5)
    rng, up, down = random.Random(3), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], list[int]()
    good_s = total_s = 0.0
    for _ in range(60_000):
        fail_rps, repair_rps = len(up) / 1, bool(down) / 0.2
        stay_s = 1 / (fail_rps + repair_rps)
        good_s, total_s = good_s + stay_s * (len(set(up)) == 5), total_s + stay_s
        if rng.random() < fail_rps * stay_s:
            down.append(up.pop(rng.randrange(len(up))))
        else:
            up.append(down.pop(0))
    assert good_s / total_s == pytest.approx(doubled, abs=0.02)
