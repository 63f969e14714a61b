"""Percolation: how far a failure goes on average and how much that varies, in drawn graphs."""

import math
import random
from statistics import fmean, pstdev

import pytest

from harness.theory import percolation

NODES = 500


def share(rng: random.Random, degree: float, isolated: int) -> float:
    """Draw a random graph, let one node fail, and give the share that fails with it."""
    near: list[list[int]] = [[] for _ in range(NODES)]
    for _ in range(round(NODES * degree / 2)):
        one, other = rng.randrange(NODES), rng.randrange(NODES)
        near[one].append(other)
        near[other].append(one)
    first = rng.randrange(NODES)
    failed, left = {first}, [first] if first >= isolated else []
    while left:
        fresh = {one for one in near[left.pop()] if one >= isolated} - failed
        failed |= fresh
        left += fresh
    return len(failed) / NODES


@pytest.mark.parametrize(
    ("degree", "isolated"), [(0.5, 0), (1.5, 0), (2, 0), (3, 0), (4, 100), (2, 350)]
)
def test_how_far_a_failure_goes(degree: float, isolated: int) -> None:
    """Its mean to 6 %, as graphs are finite, and chance; its spread to 15 %."""
    rng = random.Random(1)
    seen = [share(rng, degree, isolated) for _ in range(1000)]
    numbers = {"mean_degree": degree, "nodes": NODES, "isolated_share": isolated / NODES}
    want = percolation.reached_share(**numbers)  # type: ignore[arg-type]
    sd = percolation.reached_share_sd(**numbers, failures=1)  # type: ignore[arg-type]
    assert fmean(seen) == pytest.approx(want, abs=0.06 * want + 3 * sd / math.sqrt(1000))
    assert pstdev(seen) == pytest.approx(sd, rel=0.15)


def test_alone_it_takes_itself() -> None:
    """Without links, and with all others isolated."""
    assert percolation.reached_share(mean_degree=0, nodes=500) == 1 / 500
    alone = percolation.reached_share(mean_degree=3, nodes=500, isolated_share=1)
    assert alone == pytest.approx(1 / 500)
    sd = percolation.reached_share_sd(mean_degree=0, nodes=500, failures=9)
    assert sd == pytest.approx(0, abs=1e-9)


def test_more_failures_vary_less() -> None:
    """By the square root of their number."""
    one = percolation.reached_share_sd(mean_degree=2, nodes=500, failures=1)
    assert percolation.reached_share_sd(mean_degree=2, nodes=500, failures=100) == one / 10


@pytest.mark.parametrize(("degree", "isolated"), [(1, 0), (1.05, 0), (0.95, 0), (2, 0.5)])
def test_near_the_threshold_it_says_nothing(degree: float, isolated: float) -> None:
    """There sizes vary without bound."""
    with pytest.raises(ValueError, match=r"must not lie within 0\.1 of 1"):
        percolation.reached_share(mean_degree=degree, nodes=500, isolated_share=isolated)
