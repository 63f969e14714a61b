"""Reconnects: how many get in at first, from how many on nobody does, and how a spread fills."""

import heapq
import math
import random
from typing import Any

import pytest

from harness.theory import reconnects

GATE: Any = {"capacity_rps": 20, "patience_s": 1}


def back(clients: int, pause_s: float, end_s: float = 300) -> int:
    """Count the clients that get in: 20 a second, first come, first served, 1 s of patience."""
    coming = [(0.0, client) for client in range(clients)]
    free_s, served = 0.0, 0
    while coming and coming[0][0] < end_s:
        now_s, client = heapq.heappop(coming)
        free_s = max(now_s, free_s) + 0.05
        if free_s - now_s <= 1 + 1e-9:
            served += 1
        else:
            heapq.heappush(coming, (now_s + 1 + pause_s, client))
    return served


def test_as_many_get_in_at_first_as_one_patience_serves() -> None:
    """Or all, where they are fewer; sixteen of 60 ms fit into 0.96 s."""
    assert reconnects.served_at_once(clients=80, **GATE) == 20
    assert reconnects.served_at_once(clients=7, **GATE) == 7
    assert reconnects.served_at_once(clients=64, capacity_rps=1 / 0.06, patience_s=0.96) == 16


@pytest.mark.parametrize("pause_s", [0, 0.5, 2])
def test_from_some_number_on_no_more_ever_get_in(pause_s: float) -> None:
    """One client in twenty more or fewer: twenty of them, or all."""
    limit = reconnects.locked_out_from(pause_s=pause_s, **GATE)
    assert limit == 20 * (2 + pause_s)
    assert back(round(1.05 * limit), pause_s) == 20
    assert back(round(0.95 * limit), pause_s) == round(0.95 * limit)


def test_a_spread_fills_evenly_and_faster_after_an_outage() -> None:
    """Played out: those that find the outage draw again."""
    rng = random.Random(1)
    found = 0
    for _ in range(20_000):
        at_s = rng.uniform(0, 7)
        while at_s < 2:
            at_s += rng.uniform(0, 7)
        found += at_s < 2 + 3
    share = reconnects.spread_back_share(window_s=7, down_s=2, after_s=3)
    assert share == pytest.approx(3 / 7 * math.exp(2 / 7))
    assert found / 20_000 == pytest.approx(share, abs=0.015)


def test_a_spread_is_not_asked_beyond_its_window() -> None:
    """Where the formula ends."""
    assert reconnects.spread_back_share(window_s=7, down_s=0, after_s=7) == 1
    with pytest.raises(ValueError, match="must together be at most 7"):
        reconnects.spread_back_share(window_s=7, down_s=1, after_s=6.5)
