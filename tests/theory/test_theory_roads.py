"""Selfish routing, on roads that are filled car by car."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import roads

CARS = 600
"""So many small drivers share the whole rate."""
RATES_RPS = st.integers(5, 80)
OTHERS_S = st.floats(0.05, 2)
PER_RPS_S = 0.01
Times = Callable[[Sequence[float]], tuple[float, ...]]


def filled(times_s: Times, ways: int, rate_rps: float) -> float:
    """Let each car choose the quickest way, and then each again until nobody changes."""
    loads = [0.0] * ways
    each_rps = rate_rps / CARS
    chosen: list[int] = []
    for car in range(4 * CARS):
        if car >= CARS:
            loads[chosen[car - CARS]] -= each_rps
        times = times_s(loads)
        chosen.append(times.index(min(times)))
        loads[chosen[-1]] += each_rps
    times = times_s(loads)
    return sum(load * time_s for load, time_s in zip(loads, times, strict=True)) / rate_rps


@given(RATES_RPS, OTHERS_S)
def test_each_takes_the_quicker_of_two_roads(rate_rps: int, other_s: float) -> None:
    """As filled car by car; with a toll nobody could do better for all."""

    def times_s(loads: Sequence[float]) -> tuple[float, ...]:
        return PER_RPS_S * loads[0], other_s

    selfish_s = roads.pigou_selfish_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    assert filled(times_s, 2, rate_rps) == pytest.approx(selfish_s, rel=0.02)
    best_s = roads.pigou_best_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    splits = [rate_rps * step / 200 for step in range(201)]
    tried_s = min((PER_RPS_S * x * x + other_s * (rate_rps - x)) / rate_rps for x in splits)
    assert best_s <= tried_s * (1 + 1e-9)
    assert best_s == pytest.approx(tried_s, rel=0.01)
    assert selfish_s <= best_s * 4 / 3 * (1 + 1e-9)


@given(RATES_RPS, OTHERS_S)
def test_a_toll_makes_what_is_best_for_each_the_best_for_all(rate_rps: int, other_s: float) -> None:
    """The load at which both roads cost the same is the one of the least mean time."""
    toll_s = roads.pigou_toll_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    taken_rps = min(rate_rps, (other_s - toll_s) / PER_RPS_S)
    mean_s = (PER_RPS_S * taken_rps**2 + other_s * (rate_rps - taken_rps)) / rate_rps
    assert mean_s == pytest.approx(
        roads.pigou_best_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    )


@given(RATES_RPS, OTHERS_S)
def test_a_short_cut_costs_at_most_a_third(rate_rps: int, other_s: float) -> None:
    """As filled car by car, on two ways and on three; a short cut may also help."""

    def apart_s(loads: Sequence[float]) -> tuple[float, ...]:
        return tuple(PER_RPS_S * load + other_s for load in loads)

    def joined_s(loads: Sequence[float]) -> tuple[float, ...]:
        first, second = (PER_RPS_S * (load + loads[2]) for load in loads[:2])
        return first + other_s, second + other_s, first + second

    without_s = roads.braess_apart_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    with_s = roads.braess_joined_s(rate_rps=rate_rps, per_rps_s=PER_RPS_S, other_s=other_s)
    assert filled(apart_s, 2, rate_rps) == pytest.approx(without_s, rel=0.02)
    assert filled(joined_s, 3, rate_rps) == pytest.approx(with_s, rel=0.02)
    assert with_s <= without_s * 4 / 3 * (1 + 1e-9)


def test_the_worst_is_a_third_longer() -> None:
    """Where the full road takes as long as the other."""
    sizes = {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4}
    assert roads.pigou_selfish_s(**sizes) / roads.pigou_best_s(**sizes) == pytest.approx(4 / 3)
    assert roads.braess_joined_s(**sizes) / roads.braess_apart_s(**sizes) == pytest.approx(4 / 3)
