"""Cascades: how large they get, how graphs fall apart, and how to fit the law of their sizes.

Sources: Erdos and Renyi (1960); Molloy and Reed (1995); Albert, Jeong, Barabasi (2000); Galton and
Watson; Clauset, Shalizi, Newman, "Power-Law Distributions in Empirical Data" (2009).
"""

import math
from collections.abc import Sequence

from harness.theory import domain

STEPS = 10_000
CRITICAL = 1


def giant_component_share(*, mean_degree: float) -> float:
    """Share of nodes in the largest part of a random graph, 0 to 1.

    Solves S = 1 - exp(-c S); 0 for c <= 1. 79.7 % for a mean degree of 2. Valid for many nodes: 500
    show some percent around the threshold at 1.

    Raises:
        ValueError: `mean_degree` is negative.

    """
    domain.not_negative(mean_degree=mean_degree)
    if mean_degree <= CRITICAL:
        return 0.0
    share = 1.0
    for _ in range(STEPS):
        share = -math.expm1(-mean_degree * share)
    return share


def random_removal_limit(*, mean_degree: float) -> float:
    """Share of a random graph's nodes whose random removal breaks it, 1 - 1 / c.

    An attack on the nodes with most links needs less, and on a scale-free graph far less.

    Raises:
        ValueError: `mean_degree` is below 1.

    """
    domain.finite(mean_degree=mean_degree)
    domain.require(mean_degree >= 1, f"mean_degree must be at least 1, not {mean_degree:g}")
    return 1 - 1 / mean_degree


def cascade_mean_size(*, reproduction: float) -> float:
    """Mean number of failures of a cascade, the first one included, 1 / (1 - R).

    R, `reproduction`, is how many others each failure brings down on average. Infinite from 1 on.
    Valid while the cascade is small against the system.

    Raises:
        ValueError: `reproduction` is not from 0 to below 1.

    """
    domain.share(reproduction=reproduction)
    domain.require(reproduction < 1, "reproduction must be below 1: larger cascades do not end")
    return 1 / (1 - reproduction)


def cascade_size_sd(*, reproduction: float) -> float:
    """One standard deviation of a cascade's size, sqrt(R / (1 - R)^3).

    For a Poisson number of further failures of each.

    Raises:
        ValueError: `reproduction` is not from 0 to below 1.

    """
    return math.sqrt(reproduction * cascade_mean_size(reproduction=reproduction) ** 3)


def power_law_exponent(sizes: Sequence[float], *, smallest: float) -> float:
    """Estimate the exponent of a power law from sizes, 1 + n / sum of ln(x / smallest).

    Sizes below `smallest` are left out. For continuous sizes; for whole numbers give half less than
    the smallest, good from about 6 on. Critical cascades have 1.5.

    Raises:
        ValueError: `smallest` not above 0, a size not finite, or none is above it.

    """
    domain.positive(smallest=smallest)
    domain.finite(sizes=sizes)
    logs = [math.log(size / smallest) for size in sizes if size >= smallest]
    domain.require(any(logs), f"sizes must hold some above {smallest:g}")
    return 1 + len(logs) / math.fsum(logs)


def power_law_exponent_sd(*, exponent: float, samples: int) -> float:
    """One standard deviation of an estimated exponent, (alpha - 1) / sqrt(n).

    Raises:
        ValueError: `exponent` is not above 1, or there is no sample.

    """
    domain.finite(exponent=exponent)
    domain.count(1, samples=samples)
    domain.require(exponent > 1, f"exponent must be above 1, not {exponent:g}")
    return (exponent - 1) / math.sqrt(samples)
