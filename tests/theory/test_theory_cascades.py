"""Cascades: known thresholds, and graphs and cascades that are drawn."""

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import cascades


@pytest.mark.parametrize(("degree", "share"), [(1, 0), (1.5, 0.583), (2, 0.797), (3, 0.941)])
def test_the_giant_component(degree: float, share: float) -> None:
    """None up to a mean degree of one."""
    assert cascades.giant_component_share(mean_degree=degree) == pytest.approx(share, abs=1e-3)


def largest_share(rng: random.Random, nodes: int, degree: float, removed: float = 0) -> float:
    """Draw a random graph, take nodes away, and give the largest part's share of what is left."""
    kept = [node for node in range(nodes) if rng.random() >= removed]
    parent = {node: node for node in kept}

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for _ in range(round(nodes * degree / 2)):
        one, other = rng.randrange(nodes), rng.randrange(nodes)
        if one in parent and other in parent:
            parent[root(one)] = root(other)
    sizes: dict[int, int] = {}
    for node in kept:
        sizes[root(node)] = sizes.get(root(node), 0) + 1
    return max(sizes.values()) / len(kept)


def test_random_graphs_are_as_connected() -> None:
    """2,000 nodes with two links each, ten times; and without half and more of four links each."""
    rng = random.Random(1)
    seen = [largest_share(rng, 2000, 2) for _ in range(10)]
    figure = cascades.giant_component_share(mean_degree=2)
    assert fmean(seen) == pytest.approx(figure, abs=4 * stdev(seen) / math.sqrt(10))
    limit = cascades.random_removal_limit(mean_degree=4)
    assert limit == 0.75
    assert largest_share(rng, 2000, 4, removed=limit - 0.25) > 0.5
    assert largest_share(rng, 2000, 4, removed=limit + 0.1) < 0.1


def cascade(rng: random.Random, reproduction: float) -> int:
    """Fail one; each failure fails a Poisson number of others."""
    size = open_ = 1
    while open_:
        left, more = rng.expovariate(1), 0
        while left < reproduction:
            more, left = more + 1, left + rng.expovariate(1)
        open_ += more - 1
        size += more
    return size


@pytest.mark.parametrize(("reproduction", "mean"), [(0.5, 2), (0.9, 10)])
def test_cascades(reproduction: float, mean: float) -> None:
    """Their mean size and its spread."""
    rng, draws = random.Random(2), 4000
    seen = [float(cascade(rng, reproduction)) for _ in range(draws)]
    figure = cascades.cascade_mean_size(reproduction=reproduction)
    sd = cascades.cascade_size_sd(reproduction=reproduction)
    assert figure == pytest.approx(mean)
    assert fmean(seen) == pytest.approx(figure, abs=4 * sd / math.sqrt(draws))
    # Sizes have a long tail: their deviation is known to some 20 % from 4,000.
    assert stdev(seen) == pytest.approx(sd, rel=0.2)
    with pytest.raises(ValueError, match="reproduction must be below 1"):
        cascades.cascade_mean_size(reproduction=1)


def test_a_power_law_is_fitted() -> None:
    """10,000 sizes with an exponent of 2.5, those below the smallest left out."""
    rng = random.Random(3)
    sizes = [2 * (1 - rng.random()) ** (-1 / 1.5) for _ in range(10_000)]
    figure = cascades.power_law_exponent([0.1, *sizes], smallest=2)
    sd = cascades.power_law_exponent_sd(exponent=2.5, samples=10_000)
    assert sd == pytest.approx(0.015)
    assert figure == pytest.approx(2.5, abs=4 * sd)
    two = cascades.power_law_exponent([2, 4], smallest=2)
    assert two == pytest.approx(1 + 2 / math.log(2))
    with pytest.raises(ValueError, match="sizes must hold some above 5"):
        cascades.power_law_exponent([5, 1], smallest=5)


@given(st.floats(0, 50), st.floats(0, 50))
def test_more_links_never_connect_less(one: float, other: float) -> None:
    """And never more than all."""
    low, high = sorted((one, other))
    shares = [cascades.giant_component_share(mean_degree=degree) for degree in (low, high)]
    assert 0 <= shares[0] <= shares[1] + 1e-9 <= 1 + 1e-9
