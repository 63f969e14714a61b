"""Queues: published figures, and queues that are replayed by Lindley's recursion."""

import math
import random
from heapq import heapify, heapreplace
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import queues

TIMES = st.lists(st.floats(0, 10), min_size=1, max_size=30)


def test_mm1() -> None:
    """100/s at 90/s: 0.1 s, nine inside, p99 0.46 s."""
    load = {"rate_rps": 90.0, "capacity_rps": 100.0}
    assert queues.mm1_mean_response_s(**load) == pytest.approx(0.1)
    assert queues.mm1_mean_number(**load) == pytest.approx(9)
    p99_s = queues.mm1_response_quantile_s(quantile=0.99, **load)
    assert p99_s == pytest.approx(0.4605, abs=1e-4)


def test_utilisation_counts_what_servers_oversleep() -> None:
    """160/s x 5 ms are 0.8, and 0.9 with the 0.63 ms that a sleep adds to each."""
    assert queues.utilisation(rate_rps=160, service_s=0.005) == pytest.approx(0.8)
    late = queues.utilisation(rate_rps=160, service_s=0.005, overrun_s=0.00063)
    assert late == pytest.approx(0.9, abs=1e-3)
    assert queues.utilisation(rate_rps=70, service_s=0.04, servers=4) == pytest.approx(0.7)


@given(TIMES, TIMES)
def test_lindley_replays_one_server(gaps_s: list[float], services_s: list[float]) -> None:
    """As a server does that is told the next free moment."""
    services_s = (services_s * 30)[: len(gaps_s) + 1]
    waits_s = queues.lindley_waits_s(gaps_s=gaps_s, services_s=services_s)
    now_s = free_s = 0.0
    for number, service_s in enumerate(services_s):
        start_s = max(now_s, free_s)
        assert waits_s[number] == pytest.approx(start_s - now_s, abs=1e-9)
        free_s = start_s + service_s
        now_s += gaps_s[number] if number < len(gaps_s) else 0


def test_lindley_wants_a_gap_between_each_two() -> None:
    """And no negative time."""
    with pytest.raises(ValueError, match="gaps_s must be one fewer than services_s, not 2 for 2"):
        queues.lindley_waits_s(gaps_s=[1, 1], services_s=[1, 1])
    with pytest.raises(ValueError, match="gaps_s must be at least 0, not -1"):
        queues.lindley_waits_s(gaps_s=[-1], services_s=[1, 1])


@pytest.mark.parametrize(("cv2", "mean_s"), [(0.0, 0.0117), (1.0, 0.0233), (4.0, 0.0583)])
def test_pollaczek_khinchine(cv2: float, mean_s: float) -> None:
    """100/s at 70/s: fixed services wait half as long as exponential ones, mixed ones 2.5 times."""
    wait_s = queues.pollaczek_khinchine_wait_s(rate_rps=70, service_s=0.01, service_cv2=cv2)
    assert wait_s == pytest.approx(mean_s, abs=1e-4)


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.09, 0.2, 0.4])
def test_md1_waits(wait_s: float) -> None:
    """As Lindley's recursion has them over 200,000 arrivals, within four standard errors.

    Waits of one busy period belong together: the error is that of 200 batches.
    """
    dice = random.Random(1)
    gaps_s = [dice.expovariate(7.5) for _ in range(200_000)]
    waits_s = queues.lindley_waits_s(gaps_s=gaps_s, services_s=[0.09] * 200_001)
    longer = [one > wait_s + 1e-12 for one in waits_s]
    shares = [fmean(longer[first : first + 1000]) for first in range(0, 200_000, 1000)]
    error = stdev(shares) / math.sqrt(len(shares))
    share = queues.md1_wait_ratio(rate_rps=7.5, service_s=0.09, wait_s=wait_s)
    assert share == pytest.approx(fmean(shares), abs=4 * error)


def test_md1_waits_at_once_or_as_long_as_it_is_busy() -> None:
    """Nobody waits less than 0; rho of all arrivals wait at all."""
    assert queues.md1_wait_ratio(rate_rps=7.5, service_s=0.09, wait_s=0) == pytest.approx(0.675)
    with pytest.raises(ValueError, match="wait_s must be at most 10 services, not 1"):
        queues.md1_wait_ratio(rate_rps=7.5, service_s=0.09, wait_s=1)


def test_fixed_services_wait_as_pollaczek_and_khinchine_say() -> None:
    """A long replay at a utilisation of one half."""
    rng, calls = random.Random(1), 60_000
    gaps_s = [rng.expovariate(50) for _ in range(calls - 1)]
    waits_s = queues.lindley_waits_s(gaps_s=gaps_s, services_s=[0.01] * calls)
    figure = queues.pollaczek_khinchine_wait_s(rate_rps=50, service_s=0.01, service_cv2=0)
    batches = [fmean(waits_s[n : n + 2000]) for n in range(0, calls, 2000)]
    assert fmean(waits_s) == pytest.approx(figure, abs=4 * stdev(batches) / math.sqrt(30))


@pytest.mark.parametrize(
    ("servers", "erlangs", "waits"),
    [(5, 2.5, 0.130), (10, 5, 0.036), (1, 0.8, 0.8), (2, 1.6, 0.71), (5, 4, 0.55), (10, 8, 0.41)],
)
def test_erlang_c(servers: int, erlangs: float, waits: float) -> None:
    """The published figures of Brooker (2020)."""
    figure = queues.erlang_c(servers=servers, offered_erlangs=erlangs)
    assert figure == pytest.approx(waits, abs=5e-3)


def test_mmc_against_a_replay() -> None:
    """Four servers of 40 ms at 80/s."""
    rng, waits_s, now_s, free_s = random.Random(2), list[float](), 0.0, [0.0] * 4
    heapify(free_s)
    for _ in range(60_000):
        now_s += rng.expovariate(80)
        start_s = max(now_s, free_s[0])
        heapreplace(free_s, start_s + rng.expovariate(25))
        waits_s.append(start_s - now_s)
    figure = queues.mmc_mean_wait_s(rate_rps=80, service_s=0.04, servers=4)
    batches = [fmean(waits_s[n : n + 3000]) for n in range(0, 60_000, 3000)]
    assert fmean(waits_s) == pytest.approx(figure, abs=4 * stdev(batches) / math.sqrt(20))


def test_one_server_is_mm1() -> None:
    """Wait and service."""
    wait_s = queues.mmc_mean_wait_s(rate_rps=70, service_s=0.01, servers=1)
    assert wait_s + 0.01 == pytest.approx(queues.mm1_mean_response_s(rate_rps=70, capacity_rps=100))


def test_queues_that_only_grow_have_no_mean() -> None:
    """At and above the capacity."""
    with pytest.raises(ValueError, match="rate_rps must be below the capacity of 100, not 100"):
        queues.mm1_mean_response_s(rate_rps=100, capacity_rps=100)
    with pytest.raises(ValueError, match="offered_erlangs must be below 4, not 4"):
        queues.erlang_c(servers=4, offered_erlangs=4)


def mean_number(rng: random.Random, calls: int) -> float:
    """Average the number in M/M/1 at a utilisation of 0.5 over a run, by Little's law."""
    gaps_s = [rng.expovariate(0.5) for _ in range(calls - 1)]
    services_s = [rng.expovariate(1) for _ in range(calls)]
    waits_s = queues.lindley_waits_s(gaps_s=gaps_s, services_s=services_s)
    return (math.fsum(waits_s) + math.fsum(services_s)) / math.fsum(gaps_s)


def test_a_runs_own_mean_varies_as_whitt_says() -> None:
    """19 % at 0.8 for 3,000 service times; and as replays do at 0.5 for 2,000."""
    sd = queues.mm1_mean_number_sd(rate_rps=80, capacity_rps=100, duration_s=30)
    assert sd / queues.mm1_mean_number(rate_rps=80, capacity_rps=100) == pytest.approx(
        0.194, abs=1e-3
    )
    rng, runs = random.Random(3), 250
    seen = [mean_number(rng, 1000) for _ in range(runs)]
    sd = queues.mm1_mean_number_sd(rate_rps=0.5, capacity_rps=1, duration_s=2000)
    # Runs start empty, and their mean is a little skewed: twice what a normal one's estimate needs.
    assert stdev(seen) == pytest.approx(sd, rel=2 * 4 / math.sqrt(2 * runs))


def test_littles_law_is_exact_over_a_whole_run() -> None:
    """The time-averaged number inside is rate x time: both are the same sum."""
    assert queues.littles_law_number(rate_rps=50, time_s=0.1) == pytest.approx(5)


@pytest.mark.parametrize(("users", "rps"), [(1, 10), (10, 83.2), (20, 99.9)])
def test_closed_loads(users: int, rps: float) -> None:
    """90 ms of thinking, 10 ms of service: 83.2/s for ten users, never more than 100/s."""
    load = {"users": users, "think_s": 0.09, "service_s": 0.01}
    throughput_rps = queues.closed_throughput_rps(**load)  # type: ignore[arg-type]
    response_s = queues.closed_mean_response_s(**load)  # type: ignore[arg-type]
    assert throughput_rps == pytest.approx(rps, abs=0.05)
    assert throughput_rps * (0.09 + response_s) == pytest.approx(users)


@given(st.integers(1, 50), st.floats(0, 10), st.floats(0.001, 10))
def test_a_closed_load_is_bounded(users: int, think_s: float, service_s: float) -> None:
    """By the server, by its users, and by a queue of all of them."""
    load = {"think_s": think_s, "service_s": service_s}
    throughput_rps = queues.closed_throughput_rps(users=users, **load)
    assert throughput_rps <= min(1 / service_s, users / (think_s + service_s)) * (1 + 1e-9)
    assert queues.closed_mean_response_s(users=users, **load) <= users * service_s * (1 + 1e-9)


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
def test_the_spread_of_a_mean_wait_at_mm1_is_daleys(rho: float) -> None:
    """Two derivations, of M/G/1 and of M/M/c, agree with what he published in 1968."""
    daley = math.sqrt(rho * (2 + 5 * rho - 4 * rho**2 + rho**3)) / (1 - rho) ** 2
    assert queues.mg1_mean_wait_sd_s(
        rate_rps=rho, service_moments=(1, 2, 6, 24), arrivals=100
    ) == pytest.approx(daley / 10)
    assert queues.mmc_mean_wait_sd_s(
        rate_rps=rho, service_s=1, servers=1, arrivals=100
    ) == pytest.approx(daley / 10)


@pytest.mark.parametrize("servers", [1, 4])
def test_the_spread_of_a_mean_wait_is_that_of_replays(servers: int) -> None:
    """Means of 3,000 waits, one job in ten eleven times as long, or four servers of one queue."""
    mix = (0.5,) * 9 + (5.5,)
    means = []
    for seed in range(100):
        draws = random.Random(seed)
        free_s, came_s, waits_s = [0.0] * servers, 0.0, []
        for _ in range(3300):
            came_s += draws.expovariate(0.6 * servers)
            start_s = max(came_s, free_s[0])
            service_s = draws.choice(mix) if servers == 1 else draws.expovariate(1)
            heapreplace(free_s, start_s + service_s)
            waits_s.append(start_s - came_s)
        means.append(fmean(waits_s[300:]))
    if servers == 1:
        moments = [fmean(one**power for one in mix) for power in (1, 2, 3, 4)]
        first, second, third, fourth = moments
        spread_s = queues.mg1_mean_wait_sd_s(
            rate_rps=0.6, service_moments=(first, second, third, fourth), arrivals=3000
        )
    else:
        spread_s = queues.mmc_mean_wait_sd_s(
            rate_rps=0.6 * servers, service_s=1, servers=servers, arrivals=3000
        )
    assert stdev(means) == pytest.approx(spread_s, rel=0.25)


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
def test_the_spread_of_the_share_that_waits_at_mm1(rho: float) -> None:
    """There it is sqrt(rho (1 + rho) / n), whatever is in line."""
    assert queues.mmc_waiting_share_sd(
        rate_rps=rho, service_s=1, servers=1, arrivals=100
    ) == pytest.approx(math.sqrt(rho * (1 + rho)) / 10)


def test_the_spread_of_the_share_that_waits_is_that_of_replays() -> None:
    """Shares of 3,000 arrivals, four servers of one queue."""
    shares = []
    for seed in range(100):
        draws = random.Random(seed)
        free_s, came_s, waited = [0.0] * 4, 0.0, []
        for _ in range(3300):
            came_s += draws.expovariate(2)
            start_s = max(came_s, free_s[0])
            heapreplace(free_s, start_s + draws.expovariate(1))
            waited.append(start_s > came_s)
        shares.append(fmean(waited[300:]))
    spread = queues.mmc_waiting_share_sd(rate_rps=2, service_s=1, servers=4, arrivals=3000)
    assert stdev(shares) == pytest.approx(spread, rel=0.25)
    waits = queues.erlang_c(servers=4, offered_erlangs=2)
    assert fmean(shares) == pytest.approx(waits, abs=4 * spread / 10)
