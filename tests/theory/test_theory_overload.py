"""Overload: fluid models and bounds, against queues and buckets that are replayed."""

import random
from itertools import accumulate
from statistics import fmean, median, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import overload

RATES = st.floats(0.1, 1000)


def test_a_queue_collapses_when_the_fluid_says() -> None:
    """150/s on 100/s, 2 s of patience: arrivals from second 4 on are all late."""
    collapse_s = overload.fifo_collapse_s(rate_rps=150, capacity_rps=100, timeout_s=2)
    assert collapse_s == pytest.approx(4)
    free_s, first_late_s = 0.0, None
    for number in range(1500):
        now_s = number / 150
        free_s = max(now_s, free_s) + 0.01
        if first_late_s is None and free_s - now_s > 2:
            first_late_s = now_s
    assert first_late_s == pytest.approx(collapse_s, abs=0.05)


def test_nothing_collapses_below_the_capacity() -> None:
    """It would take for ever."""
    with pytest.raises(ValueError, match="rate_rps must be above the capacity of 100, not 90"):
        overload.fifo_collapse_s(rate_rps=90, capacity_rps=100, timeout_s=2)


def test_a_backlog_grows_with_the_surplus() -> None:
    """120/s on 80/s for 8 s: 320; none below the capacity."""
    assert overload.backlog(rate_rps=120, capacity_rps=80, duration_s=8) == 320
    assert overload.backlog(rate_rps=50, capacity_rps=80, duration_s=8) == 0


def test_a_backlog_follows_load_and_capacity() -> None:
    """It grows with what is too much, drains with what is spare, and is never below nothing."""
    assert overload.fluid_backlogs([5, 9, 2, 0], capacities=[4, 5, 4, 9]) == [1, 5, 3, 0]
    steady = overload.fluid_backlogs([120] * 8, capacities=[80] * 8)[-1]
    assert steady == overload.backlog(rate_rps=120, capacity_rps=80, duration_s=8)
    with pytest.raises(ValueError, match="as many loads as capacities"):
        overload.fluid_backlogs([1], capacities=[])


def test_shedding_by_class() -> None:
    """120/s gold and 80/s bronze on 150/s: all of the gold, 37.5 % of the bronze."""
    served = overload.priority_success_ratios([120, 80], capacity_rps=150)
    assert served == pytest.approx([1, 0.375])
    assert overload.shed_ratio(rate_rps=200, capacity_rps=150) == pytest.approx(0.25)


@given(st.lists(RATES, min_size=1, max_size=5), RATES)
def test_classes_share_the_capacity(rates_rps: list[float], capacity_rps: float) -> None:
    """All of the load is served, or all of the capacity; no class gets more than one before."""
    served = overload.priority_success_ratios(rates_rps, capacity_rps=capacity_rps)
    total_rps = sum(rate * share for rate, share in zip(rates_rps, served, strict=True))
    assert total_rps == pytest.approx(min(sum(rates_rps), capacity_rps))
    assert served == sorted(served, reverse=True)
    shed = overload.shed_ratio(rate_rps=sum(rates_rps), capacity_rps=capacity_rps)
    assert total_rps == pytest.approx((1 - shed) * sum(rates_rps))


@given(RATES, RATES, st.floats(0, 0.99))
def test_services_and_refusals_are_all_the_work(
    rate_rps: float, capacity_rps: float, cost: float
) -> None:
    """Or it does nothing but refuse; and below the capacity it refuses nobody."""
    served = overload.costly_refusals_served_rps(
        rate_rps=rate_rps, capacity_rps=capacity_rps, refusal_cost=cost
    )
    work = served + cost * (rate_rps - served)
    if served == 0:
        assert cost * rate_rps >= capacity_rps * (1 - 1e-9)
    elif rate_rps > capacity_rps:
        assert work == pytest.approx(capacity_rps)
    else:
        assert served == pytest.approx(rate_rps)


def test_a_refusal_at_half_of_the_work_is_all_that_twice_the_load_gets() -> None:
    """At 80/s on 40/s; at a third of it 20/s are served, and at a tenth 36/s."""
    shares = {0.5: 0, 1 / 3: 20, 0.1: 35.6, 0: 40}
    for cost, served in shares.items():
        figure = overload.costly_refusals_served_rps(
            rate_rps=80, capacity_rps=40, refusal_cost=cost
        )
        assert figure == pytest.approx(served, abs=0.05)
    with pytest.raises(ValueError, match="refusal_cost must be below 1, not 1"):
        overload.costly_refusals_served_rps(rate_rps=80, capacity_rps=40, refusal_cost=1)


@pytest.mark.parametrize("cost", [0.0, 0.1, 1 / 3])
def test_how_many_a_server_with_costly_refusals_serves(cost: float) -> None:
    """As one that is replayed, with a queue of ten: 400 stretches of 20 s, of 3.5 % each."""
    rng, now_s, served = random.Random(4), 0.0, list[int]()
    inside, owed_s, ends_s, due_s = 0, 0.0, float("inf"), 0.0
    for stretch in range(401):
        done = 0
        while now_s < 20 * (stretch + 1):
            now_s = min(due_s, ends_s)
            if due_s <= ends_s:
                due_s += rng.expovariate(80)
                if inside == 10:
                    owed_s += cost / 40
                else:
                    inside += 1
            else:
                done, inside, ends_s = done + 1, inside - 1, float("inf")
            if inside and ends_s == float("inf"):
                # What is owed for refusals is worked off first, and more of it that comes then
                # before the next one.
                ends_s, owed_s = now_s + owed_s + rng.expovariate(40), 0.0
        served.append(done)
    figure = {"rate_rps": 80, "capacity_rps": 40, "refusal_cost": cost}
    rate = overload.costly_refusals_served_rps(**figure)
    sd = overload.costly_refusals_served_sd_rps(**figure, duration_s=20)
    rates = [one / 20 for one in served[1:]]
    assert fmean(rates) == pytest.approx(rate, rel=0.01)
    assert pstdev(rates) == pytest.approx(sd, rel=0.18)


def test_adaptive_throttling_settles_where_it_says() -> None:
    """300/s on 100/s with K = 2: some 200/s reach the backend, in windows of ten seconds."""
    rng, history, reached = random.Random(1), list[tuple[int, int]](), []
    for _ in range(60):
        requests = sum(one for one, _ in history)
        accepts = sum(two for _, two in history)
        reject = overload.adaptive_throttle_ratio(requests=requests, accepts=accepts)
        sent = sum(rng.random() >= reject for _ in range(300))
        history = [*history, (300, min(sent, 100))][-10:]
        reached.append(sent)
    figure = overload.adaptive_throttle_backend_rps(rate_rps=300, capacity_rps=100)
    assert figure == 200
    # The last 30 seconds vary binomially, by some 8 each.
    assert fmean(reached[30:]) == pytest.approx(figure, abs=4 * 8.2 / 30**0.5)


def test_an_idle_client_throttles_nothing() -> None:
    """No request is rejected without a history, nor with all accepted."""
    assert overload.adaptive_throttle_ratio(requests=9, accepts=1) == pytest.approx(0.7)
    assert overload.adaptive_throttle_ratio(requests=0, accepts=0) == 0
    assert overload.adaptive_throttle_ratio(requests=10, accepts=10) == 0
    assert overload.adaptive_throttle_backend_rps(rate_rps=50, capacity_rps=100) == 50
    with pytest.raises(ValueError, match="accepts must be at most 1, not 2"):
        overload.adaptive_throttle_ratio(requests=1, accepts=2)


def test_codel_drops_ever_sooner() -> None:
    """100 ms, then a half of it at the fourth drop."""
    gaps_s = [overload.codel_drop_gap_s(interval_s=0.1, drops=drops) for drops in (1, 4)]
    assert gaps_s == pytest.approx([0.1, 0.05])


def test_a_token_bucket() -> None:
    """150/s on 100/s with a burst of 100: 31.1 % refused in 30 s, as in a replay."""
    bucket = {"rate_rps": 150.0, "refill_rps": 100.0, "burst": 100.0, "duration_s": 30.0}
    refused = overload.token_bucket_reject_ratio(**bucket)
    assert refused == pytest.approx(0.311, abs=1e-3)
    assert overload.token_bucket_admitted(**bucket) == pytest.approx(3100)
    tokens, admitted = 100.0, 0
    for _ in range(4500):
        tokens = min(100.0, tokens + 100 / 150)
        if tokens >= 1:
            tokens, admitted = tokens - 1, admitted + 1
    assert 1 - admitted / 4500 == pytest.approx(refused, abs=1e-3)


def test_credits_bound_a_sender() -> None:
    """20 credits over 0.2 s: 100/s."""
    assert overload.credit_window_rps(window=20, round_trip_s=0.2) == pytest.approx(100)


@pytest.mark.parametrize(("window_s", "peak"), [(5, 217), (10, 116), (20, 64)])
def test_reconnects_peak_near_the_bound(window_s: int, peak: float) -> None:
    """1,000 clients over a window: the fullest second of simulated ones is a little below."""
    figure = overload.reconnect_peak_rps(clients=1000, window_s=window_s)
    rng = random.Random(2)

    def fullest() -> int:
        seconds = [0] * window_s
        for _ in range(1000):
            seconds[rng.randrange(window_s)] += 1
        return max(seconds)

    seen = [fullest() for _ in range(100)]
    assert figure > peak
    assert fmean(seen) == pytest.approx(peak, rel=0.03)
    assert fmean(one <= figure for one in seen) > 0.95


def started_late(seed: int, *, needs_s: float = 0) -> list[float]:
    """Replay one server of 10/s under 15/s, who starts the oldest with so much of 2 s left.

    Gives what is left to each of 300 or so at the end of the service, in seconds.
    """
    draws = random.Random(seed)
    came_s, free_s, left_s = 0.0, 0.0, []
    while came_s < 38:
        came_s += draws.expovariate(15)
        start_s = max(free_s, came_s)
        if came_s + 2 <= start_s + needs_s:
            continue
        free_s = start_s + 0.1
        if came_s > 8:
            left_s.append(came_s + 2 - free_s)
    return left_s


def test_dropping_what_has_expired_saves_less_than_half() -> None:
    """At an overload of 1.5 four in ten are in time; mean and spread of 200 replays say so."""
    load = {"rate_rps": 15, "capacity_rps": 10}
    share = overload.expired_dropped_in_time_ratio(**load)
    assert share == pytest.approx(0.4172, abs=1e-4)
    spread = overload.expired_dropped_in_time_sd(**load, started=300)
    shares = [fmean(left_s >= 0 for left_s in started_late(seed)) for seed in range(200)]
    assert fmean(shares) == pytest.approx(share, abs=4 * spread / 200**0.5)
    assert pstdev(shares) == pytest.approx(spread, rel=0.2)


def test_the_more_overload_the_more_are_started_in_vain() -> None:
    """A little overload wastes little, and much wastes nearly all."""
    shares = [
        overload.expired_dropped_in_time_ratio(rate_rps=rate, capacity_rps=100)
        for rate in (101, 120, 150, 200, 400)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.97
    assert shares[-1] < 0.02


def test_who_is_started_in_time_has_little_to_spare() -> None:
    """Half of them are done within 79 ms of the end of their patience, of 2 s."""
    spare_s = overload.time_left_quantile_s(quantile=0.5, rate_rps=15, capacity_rps=10)
    assert spare_s == pytest.approx(0.0793, abs=1e-4)
    replayed = [median(started_late(seed, needs_s=0.1)) for seed in range(200)]
    assert fmean(replayed) == pytest.approx(spare_s, rel=0.1)


def test_the_newest_wait_for_a_part_of_one_service() -> None:
    """Half of those whom newest first serves wait at most 46 ms, at any length of the line."""
    half_s = overload.newest_first_wait_quantile_s(quantile=0.5, rate_rps=15, capacity_rps=10)
    assert half_s == pytest.approx(0.0462, abs=1e-4)
    draws = random.Random(1)
    came = [*accumulate(draws.expovariate(15) for _ in range(20_000))]
    waiting: list[float] = []
    now_s, waits_s = 0.0, []
    for came_s in came:
        while waiting and now_s < came_s:
            waits_s.append(now_s - waiting.pop())
            now_s += 0.1
        waiting.append(came_s)
        now_s = max(now_s, came_s)
    assert median(waits_s) == pytest.approx(half_s, rel=0.03)


def test_the_newest_are_told_only_as_far_as_it_holds() -> None:
    """Beyond 78 % of those served, one more than a service is waited for."""
    with pytest.raises(ValueError, match=r"quantile must be at most 0\.777, not 0\.9"):
        overload.newest_first_wait_quantile_s(quantile=0.9, rate_rps=15, capacity_rps=10)
