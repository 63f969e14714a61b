"""Membership: how gossip spreads, whom a rumour misses, when a silent or dead node is noticed.

Sources: Demers and others, "Epidemic Algorithms" (PODC 1987); Pittel (1987); Hayashibara and
others, "The phi Accrual Failure Detector" (2004).
"""

import math
from statistics import NormalDist

from harness.theory import domain

STEPS = 200


def gossip_rounds(*, nodes: int) -> float:
    """Mean rounds until all nodes know, by push to one random other, log2 n + ln n.

    To within a constant: runs show some 0.6 to 1.2 more.

    Raises:
        ValueError: there are fewer than two nodes.

    """
    domain.count(2, nodes=nodes)
    return math.log2(nodes) + math.log(nodes)


def rumour_residue(*, interest: int) -> float:
    """Share of nodes that a rumour never reaches.

    Solves s = exp(-(k + 1)(1 - s)) below 1: 20.3 % for k = 1, 6.0, 2.0, 0.7. A node that finds its
    news known loses interest with 1 / k, `interest`. Valid for many nodes.

    Raises:
        ValueError: `interest` is below 1.

    """
    domain.count(1, interest=interest)
    residue = 0.0
    for _ in range(STEPS):
        residue = math.exp(-(interest + 1) * (1 - residue))
    return residue


def phi_normal(*, elapsed_s: float, mean_s: float, sd_s: float) -> float:
    """Suspicion phi after a silence, for heartbeats with normal gaps.

    -log10(P(gap > elapsed)): at phi a check is wrong once in 10^phi. Beyond some 38 deviations the
    probability is below the smallest number, and phi is given as 300.

    Raises:
        ValueError: `elapsed_s` is negative, or another number not above 0.

    """
    domain.not_negative(elapsed_s=elapsed_s)
    domain.positive(mean_s=mean_s, sd_s=sd_s)
    later = math.erfc((elapsed_s - mean_s) / (sd_s * math.sqrt(2))) / 2
    return -math.log10(max(later, 1e-300))


def phi_normal_delay_s(*, phi: float, mean_s: float, sd_s: float) -> float:
    """Silence at which phi is reached, for heartbeats with normal gaps, in seconds.

    Raises:
        ValueError: `phi` is not above 0 and at most 15, or another number not above 0.

    """
    domain.positive(phi=phi, mean_s=mean_s, sd_s=sd_s)
    domain.require(phi <= 15, f"phi must be at most 15, not {phi:g}")  # noqa: PLR2004 - 1 - 1e-16 is 1
    return mean_s - sd_s * NormalDist().inv_cdf(10**-phi)


def phi_exponential_delay_s(*, phi: float, mean_s: float) -> float:
    """Silence at which phi is reached, for exponential gaps, in seconds.

    phi x ln 10 x mean: 18.4 means for 8, Cassandra's default.

    Raises:
        ValueError: an argument is not above 0.

    """
    domain.positive(phi=phi, mean_s=mean_s)
    return phi * math.log(10) * mean_s


def probes_detection_s(*, period_s: float, bad_probes: int, fail_s: float = 0) -> float:
    """How long a death goes unnoticed on average, until so many probes in a row have failed.

    period / 2 until the first, then k - 1 more, each of which takes `fail_s` to fail: nothing where
    connects are refused, the probe's time limit where they hang. Its standard deviation is that of
    a uniform phase, `chance.uniform_sd` of the period. Derived.

    Raises:
        ValueError: `period_s` is not above 0, `fail_s` negative, or there is no probe.

    """
    domain.positive(period_s=period_s)
    domain.not_negative(fail_s=fail_s)
    domain.count(1, bad_probes=bad_probes)
    return period_s / 2 + fail_s + (bad_probes - 1) * (period_s + fail_s)
