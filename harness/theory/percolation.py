"""Percolation: how far one failure goes in a random graph whose nodes pass it on to each other.

Sources: Erdos and Renyi, "On the Evolution of Random Graphs" (1960) for the large part; Stepanov
(1970) for how much it varies; the small parts are those of a graph below the threshold, as in
Bollobas and Riordan, *Percolation* (2006). Isolated nodes are those that pass nothing on.
"""

import math

from harness.theory import cascades, domain

NEAR = 0.1
"""How near to the threshold the formulas say nothing."""


def reached_share(*, mean_degree: float, nodes: int, isolated_share: float = 0) -> float:
    """Share of the nodes that one failure at random takes along, 0 to 1.

    T^2 and a little: with T = (1 - f) S it begins in the large part with probability T, and takes
    T of all nodes; else it takes a small part, of 1 / (1 - c (1 - S)) nodes on average. S is the
    large part of a graph with c = (1 - f) times `mean_degree` links for each node that is not
    isolated. Valid for some hundred nodes and more.

    Raises:
        ValueError: there is no node, a share is not from 0 to 1, `mean_degree` is negative, or c
            lies within 0.1 of the threshold at 1, where sizes vary without bound.

    """
    large, small, _ = _parts(mean_degree, nodes, isolated_share)
    return large**2 + small


def reached_share_sd(
    *, mean_degree: float, nodes: int, failures: int, isolated_share: float = 0
) -> float:
    """One standard deviation of the mean share that so many failures take along.

    Each in a graph of its own. Of one failure: all or nothing, T^3 - T^4; the large part's own
    variance, S (1 - S) / (1 - c (1 - S))^2 / n, three times T; and the sizes of small parts.

    Raises:
        ValueError: as in `reached_share`, or there is no failure.

    """
    domain.count(1, failures=failures)
    large, small, small_square = _parts(mean_degree, nodes, isolated_share)
    own = _large_variance(mean_degree * (1 - isolated_share), nodes) * (1 - isolated_share) ** 2
    square = large**3 + 3 * large * own + small_square
    return math.sqrt(max(0.0, square - (large**2 + small) ** 2) / failures)


def _large_variance(degree: float, nodes: int) -> float:
    share = cascades.giant_component_share(mean_degree=degree)
    return share * (1 - share) / (1 - degree * (1 - share)) ** 2 / nodes


def _parts(mean_degree: float, nodes: int, isolated_share: float) -> tuple[float, float, float]:
    """Give the large part's share of all nodes, and what small parts add to mean and square."""
    domain.not_negative(mean_degree=mean_degree)
    domain.count(1, nodes=nodes)
    domain.share(isolated_share=isolated_share)
    degree = mean_degree * (1 - isolated_share)
    domain.require(
        abs(degree - 1) >= NEAR,
        f"mean_degree times what is not isolated must not lie within 0.1 of 1, as {degree:g} does",
    )
    share = cascades.giant_component_share(mean_degree=degree)
    below = degree * (1 - share)
    begins = (1 - isolated_share) * (1 - share)
    mean, variance = 1 / (1 - below), below / (1 - below) ** 3
    return (
        (1 - isolated_share) * share,
        (begins * mean + isolated_share) / nodes,
        (begins * (mean**2 + variance) + isolated_share) / nodes**2,
    )
