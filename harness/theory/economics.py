"""Economics: what an edge cache does to latency, and how often a function starts cold. Derived."""

import math

from harness.theory import domain


def edge_mean_latency_s(*, hit_ratio: float, edge_s: float, origin_s: float) -> float:
    """Mean latency behind an edge cache, edge + (1 - h) origin, in seconds.

    A miss asks the edge and then the origin. The load at the origin is `caching.origin_load_rps`.

    Raises:
        ValueError: `hit_ratio` is outside 0..1, or a time negative.

    """
    domain.share(hit_ratio=hit_ratio)
    domain.not_negative(edge_s=edge_s, origin_s=origin_s)
    return edge_s + (1 - hit_ratio) * origin_s


def edge_quantile_s(*, quantile: float, hit_ratio: float, edge_s: float, origin_s: float) -> float:
    """Quantile of the latency behind an edge cache, in seconds.

    The edge's if q <= h, else edge + origin: below a hit ratio of 99 % the p99 is the origin's.
    Valid for latencies that vary much less than the two differ.

    Raises:
        ValueError: a ratio is outside 0..1, or a time negative.

    """
    domain.share(quantile=quantile, hit_ratio=hit_ratio)
    domain.not_negative(edge_s=edge_s, origin_s=origin_s)
    return edge_s if quantile <= hit_ratio else edge_s + origin_s


def cold_start_ratio(*, rate_rps: float, keep_alive_s: float) -> float:
    """Share of calls that find no warm instance, exp(-rate x keep-alive).

    Valid for Poisson calls that take no time; calls that overlap need more instances (by Little's
    law), and a run's first call is always cold: plus 1 / calls.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, keep_alive_s=keep_alive_s)
    return math.exp(-rate_rps * keep_alive_s)
