"""Loss systems: published figures, and pools and queues that are replayed."""

import math
import random
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import chance, loss


@pytest.mark.parametrize(
    ("servers", "erlangs", "refused"),
    [(5, 3, 0.110), (10, 7, 0.079), (10, 10, 0.215), (20, 44, 0.56), (10, 4, 0.005)],
)
def test_erlang_b(servers: int, erlangs: float, refused: float) -> None:
    """The tables' figures; a shared pool of 20 and a bulkhead of 10."""
    figure = loss.erlang_b(servers=servers, offered_erlangs=erlangs)
    assert figure == pytest.approx(refused, abs=2.5e-3)


def test_erlang_b_holds_for_fixed_services() -> None:
    """A pool of five, replayed: only the mean of the service time counts."""
    rng, now_s, busy_until_s, refused = random.Random(1), 0.0, list[float](), []
    for _ in range(40_000):
        now_s += rng.expovariate(3)
        busy_until_s = [end_s for end_s in busy_until_s if end_s > now_s]
        refused.append(float(len(busy_until_s) == 5))
        if not refused[-1]:
            busy_until_s.append(now_s + 1)
    figure = loss.erlang_b(servers=5, offered_erlangs=3)
    batches = [fmean(refused[n : n + 2000]) for n in range(0, 40_000, 2000)]
    assert fmean(refused) == pytest.approx(figure, abs=4 * stdev(batches) / math.sqrt(20))


def refused_shares(
    servers: int, erlangs: float, *, calls: int, runs: int, is_fixed: bool
) -> list[float]:
    """Replay a pool, and give the share that it refuses in each of so many stretches."""
    rng, now_s, ends_s, shares = random.Random(2), 0.0, list[float](), []
    for _ in range(runs):
        refused = 0
        for _ in range(calls):
            now_s += rng.expovariate(erlangs)
            ends_s = [end_s for end_s in ends_s if end_s > now_s]
            if len(ends_s) == servers:
                refused += 1
            else:
                ends_s.append(now_s + (1 if is_fixed else rng.expovariate(1)))
        shares.append(refused / calls)
    return shares


@pytest.mark.parametrize(("servers", "erlangs"), [(10, 9.6), (5, 3), (4, 8)])
def test_how_much_the_refused_share_varies(servers: int, erlangs: float) -> None:
    """As in pools that are replayed; with fixed service times it varies less. 250 runs: 4.5 %."""
    figure = loss.erlang_b_sd(servers=servers, offered_erlangs=erlangs, calls=320)
    drawn = refused_shares(servers, erlangs, calls=320, runs=250, is_fixed=False)
    assert stdev(drawn) == pytest.approx(figure, rel=0.18)
    fixed = refused_shares(servers, erlangs, calls=320, runs=250, is_fixed=True)
    assert figure / 2 < stdev(fixed) < figure


@given(st.floats(0.01, 100), st.integers(1, 100_000))
def test_one_server_refuses_independently(erlangs: float, calls: int) -> None:
    """Whether it is busy at an arrival hangs on the one before alone, which it forgets."""
    refused = loss.erlang_b(servers=1, offered_erlangs=erlangs)
    figure = loss.erlang_b_sd(servers=1, offered_erlangs=erlangs, calls=calls)
    assert figure == pytest.approx(chance.binomial_share_sd(share=refused, trials=calls))


@given(st.integers(1, 50), st.floats(0, 100))
def test_a_larger_pool_never_refuses_more(servers: int, erlangs: float) -> None:
    """And a fuller one never less."""
    refused = loss.erlang_b(servers=servers, offered_erlangs=erlangs)
    assert 0 <= loss.erlang_b(servers=servers + 1, offered_erlangs=erlangs) <= refused <= 1
    assert refused <= loss.erlang_b(servers=servers, offered_erlangs=erlangs + 1)


@pytest.mark.parametrize(("rate_rps", "refused"), [(120, 0.193), (90, 0.051), (100, 1 / 11)])
def test_a_bounded_queue(rate_rps: float, refused: float) -> None:
    """Ten places at 100/s, over, under and at the capacity."""
    figure = loss.mm1k_loss_ratio(rate_rps=rate_rps, capacity_rps=100, places=10)
    assert figure == pytest.approx(refused, abs=5e-4)


@given(st.floats(0.01, 1000), st.integers(1, 30))
def test_one_place_is_a_pool_of_one(rate_rps: float, places: int) -> None:
    """There Erlang's B is the same; and no number of places carries more than the capacity."""
    alone = loss.mm1k_loss_ratio(rate_rps=rate_rps, capacity_rps=100, places=1)
    assert alone == pytest.approx(loss.erlang_b(servers=1, offered_erlangs=rate_rps / 100))
    refused = loss.mm1k_loss_ratio(rate_rps=rate_rps, capacity_rps=100, places=places)
    assert rate_rps * (1 - refused) <= 100 * (1 + 1e-9)


def test_a_limit_bounds_the_wait() -> None:
    """Ten places in front of 100/s: 0.1 s."""
    assert loss.bounded_wait_s(queue_limit=10, capacity_rps=100) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("slow_rps", "refused"), [(1, 0.001), (1.5, 0.073), (2, 0.237), (3, 0.468)]
)
def test_slow_clients(slow_rps: float, refused: float) -> None:
    """50 workers are held by 1.7/s of 30 s each: what an honest load of two Erlangs meets."""
    assert loss.slow_client_rate_rps(workers=50, hold_s=30) == pytest.approx(1.67, abs=0.01)
    figure = loss.slow_client_loss_ratio(
        workers=50, offered_erlangs=2, slow_rate_rps=slow_rps, hold_s=30
    )
    assert figure == pytest.approx(refused, abs=1e-3)


def walled_shares(
    slots: int, cap: int, rates_rps: tuple[float, ...], services_s: tuple[float, ...], runs: int
) -> list[float]:
    """Replay a pool with a cap for each kind, and give what it refuses of the first in 20 s."""
    rng, now_s, held, shares = random.Random(3), 0.0, list[tuple[float, int]](), []
    for run in range(runs):
        came, refused = 0, 0
        while now_s < 20 * (run + 1):
            now_s += rng.expovariate(sum(rates_rps))
            kind = rng.choices(range(len(rates_rps)), rates_rps)[0]
            held = [one for one in held if one[0] > now_s]
            is_full = len(held) == slots or sum(one[1] == kind for one in held) == cap
            came, refused = came + (kind == 0), refused + (kind == 0 and is_full)
            if not is_full:
                held.append((now_s + rng.expovariate(1 / services_s[kind]), kind))
        shares.append(refused / came)
    return shares


@pytest.mark.parametrize(
    ("cap", "rates_rps", "services_s"),
    [(7, (30, 10), (0.2, 0.1)), (7, (5, 10), (0.2, 2)), (5, (30, 10), (0.2, 0.1))],
)
def test_a_pool_with_walls(
    cap: int, rates_rps: tuple[float, ...], services_s: tuple[float, ...]
) -> None:
    """Mean and spread are those of pools that are replayed: 400 stretches, of 3.5 % each."""
    loads = [rate * time for rate, time in zip(rates_rps, services_s, strict=True)]
    drawn = walled_shares(10, cap, rates_rps, services_s, runs=400)
    figure = loss.capped_loss_ratio(slots=10, cap=cap, offered_erlangs=loads)
    sd = loss.capped_loss_sd(
        slots=10, cap=cap, rates_rps=rates_rps, services_s=services_s, duration_s=20
    )
    assert fmean(drawn) == pytest.approx(figure, abs=4 * sd / math.sqrt(400))
    assert stdev(drawn) == pytest.approx(sd, rel=0.18)


@given(st.integers(1, 12), st.floats(0.01, 30), st.floats(0.01, 30))
def test_no_wall_is_one_pool_and_whole_walls_are_two(
    slots: int, erlangs: float, others: float
) -> None:
    """Erlang's B of the sum, and each kind's own, whatever the other does."""
    loads = (erlangs, others)
    shared = loss.capped_loss_ratio(slots=slots, cap=slots, offered_erlangs=loads)
    assert shared == pytest.approx(loss.erlang_b(servers=slots, offered_erlangs=erlangs + others))
    split = loss.capped_loss_ratio(slots=2 * slots, cap=slots, offered_erlangs=loads)
    assert split == pytest.approx(loss.erlang_b(servers=slots, offered_erlangs=erlangs))


@given(st.integers(1, 8), st.floats(0.1, 20), st.floats(1, 1000))
def test_one_kind_varies_as_in_a_pool(servers: int, erlangs: float, duration_s: float) -> None:
    """And so does one behind a whole wall."""
    want = loss.erlang_b_sd(servers=servers, offered_erlangs=erlangs, calls=erlangs * duration_s)
    alone = loss.capped_loss_sd(
        slots=servers, cap=servers, rates_rps=(erlangs,), services_s=(1,), duration_s=duration_s
    )
    assert alone == pytest.approx(want)
    walled = loss.capped_loss_sd(
        slots=2 * servers,
        cap=servers,
        rates_rps=(erlangs, 7),
        services_s=(1, 0.3),
        duration_s=duration_s,
    )
    assert walled == pytest.approx(want)


def test_kinds_without_loads_are_refused() -> None:
    """As are those with fewer times than rates."""
    with pytest.raises(ValueError, match="offered_erlangs must have a value for each kind"):
        loss.capped_loss_ratio(slots=10, cap=5, offered_erlangs=())
    with pytest.raises(ValueError, match="services_s must have as many values as rates_rps"):
        loss.capped_loss_sd(slots=10, cap=5, rates_rps=(1, 2), services_s=(1,), duration_s=10)


def reserved_shares(
    rates_rps: tuple[float, ...], limits: tuple[int, ...], runs: int
) -> list[float]:
    """Replay six servers and their queue; give what is refused of the first kind in 100 s."""
    rng, now_s, inside, shares = random.Random(5), 0.0, 0, list[float]()
    for run in range(runs):
        came, refused = 0, 0
        while now_s < 100 * (run + 1):
            ends_rps = min(inside, 6) / 0.15
            now_s += rng.expovariate(sum(rates_rps) + ends_rps)
            kind = rng.choices(range(3), (*rates_rps, ends_rps))[0]
            if kind == 2:
                inside -= 1
                continue
            is_full = inside >= limits[kind]
            came, refused = came + (kind == 0), refused + (kind == 0 and is_full)
            inside += not is_full
        shares.append(refused / came)
    return shares


@pytest.mark.parametrize("limits", [(36, 36), (36, 31), (16, 8), (11, 36)])
def test_a_queue_with_reserved_places(limits: tuple[int, int]) -> None:
    """Mean and spread are those of queues that are replayed: 100 stretches, of 7 % each."""
    drawn = reserved_shares((36, 44), limits, runs=100)
    queue: Any = {"rates_rps": (36, 44), "limits": limits, "servers": 6, "service_s": 0.15}
    figure = loss.reserved_loss_ratio(**queue)
    sd = loss.reserved_loss_sd(**queue, duration_s=100)
    assert fmean(drawn) == pytest.approx(figure, abs=4 * sd / math.sqrt(100))
    assert stdev(drawn) == pytest.approx(sd, rel=0.3)


@given(st.floats(1, 1000), st.integers(1, 30), st.floats(1, 100))
def test_one_kind_has_the_known_queues(rate_rps: float, places: int, duration_s: float) -> None:
    """One server: M/M/1/K. No queue: Erlang's B, and its spread."""
    alone = loss.reserved_loss_ratio(
        rates_rps=(rate_rps,), limits=(places,), servers=1, service_s=0.01
    )
    want = loss.mm1k_loss_ratio(rate_rps=rate_rps, capacity_rps=100, places=places)
    assert alone == pytest.approx(want)
    pool: Any = {"rates_rps": (rate_rps,), "servers": places, "service_s": 0.01}
    erlangs = rate_rps * 0.01
    refused = loss.reserved_loss_ratio(**pool, limits=(places,))
    assert refused == pytest.approx(loss.erlang_b(servers=places, offered_erlangs=erlangs))
    sd = loss.reserved_loss_sd(**pool, limits=(places,), duration_s=duration_s)
    calls = rate_rps * duration_s
    assert sd == pytest.approx(
        loss.erlang_b_sd(servers=places, offered_erlangs=erlangs, calls=calls), rel=1e-6
    )


@given(st.integers(0, 30), st.floats(1, 100), st.floats(1, 100))
def test_more_reserved_places_help_those_they_are_for(
    reserved: int, rate_rps: float, others_rps: float
) -> None:
    """And cost the others; of a queue for all, both are refused alike."""
    loads = (rate_rps, others_rps)

    def refused(kind: int, left: int) -> float:
        limits = (36, 36 - left)
        rates_rps = loads if kind == 0 else loads[::-1]
        return loss.reserved_loss_ratio(
            rates_rps=rates_rps,
            limits=limits if kind == 0 else limits[::-1],
            servers=6,
            service_s=0.15,
        )

    assert refused(0, 0) == pytest.approx(refused(1, 0))
    more = min(30, reserved + 1)
    assert refused(0, more) <= refused(0, reserved) * (1 + 1e-9)
    assert refused(1, more) >= refused(1, reserved) * (1 - 1e-9)
