"""Economics: edges and cold starts."""

import math
import random

import pytest

from harness.theory import economics


def test_an_edge() -> None:
    """10 ms, and 120 ms more for one in ten."""
    mean_s = economics.edge_mean_latency_s(hit_ratio=0.9, edge_s=0.01, origin_s=0.12)
    assert mean_s == pytest.approx(0.022)


@pytest.mark.parametrize(("hit_ratio", "p99_s"), [(0.98, 0.13), (0.99, 0.01), (0.995, 0.01)])
def test_the_p99_is_the_origins_below_99_percent(hit_ratio: float, p99_s: float) -> None:
    """It jumps as the hit ratio passes the quantile."""
    figure_s = economics.edge_quantile_s(
        quantile=0.99, hit_ratio=hit_ratio, edge_s=0.01, origin_s=0.12
    )
    assert figure_s == pytest.approx(p99_s)


def test_cold_starts() -> None:
    """2/s with a second of keep-alive: 13.5 %, as drawn."""
    figure = economics.cold_start_ratio(rate_rps=2, keep_alive_s=1)
    assert figure == pytest.approx(math.exp(-2))
    assert economics.cold_start_ratio(rate_rps=2, keep_alive_s=2) == pytest.approx(math.exp(-4))
    rng, calls = random.Random(1), 20_000
    cold = sum(rng.expovariate(2) > 1 for _ in range(calls)) / calls
    assert cold == pytest.approx(figure, abs=4 * math.sqrt(figure / calls))
