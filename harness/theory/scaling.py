"""Scaling: Amdahl and Gunther, autoscalers that lag, batches, and meshes of everyone to everyone.

Sources: Amdahl (1967); Gunther, *Guerrilla Capacity Planning* (2007); AWS's summary of the Kinesis
event of 2020 for the mesh; the formula of Kubernetes' Horizontal Pod Autoscaler for target
tracking; fluid models are derived.
"""

import math
from collections.abc import Sequence

from harness.theory import domain

FEWEST_FITTED = 3
"""Of how many numbers of workers the throughput must be known: there are three unknowns."""
SMALL = 1e-6
"""A share by which a throughput is moved to see what follows."""


def usl_throughput_rps(
    *, workers: int, contention: float, coherence: float, single_rps: float = 1
) -> float:
    """Throughput of N workers by the Universal Scalability Law, per second.

    gamma N / (1 + sigma (N - 1) + kappa N (N - 1)). With `coherence` 0 it is Amdahl's law, whose
    limit is gamma / sigma. A lock that users reach at different times does better (see
    `queues.closed_throughput_rps`): this is the law where all meet.

    Raises:
        ValueError: no worker, `contention` outside 0..1, or another number negative.

    """
    domain.count(1, workers=workers)
    domain.share(contention=contention)
    domain.not_negative(coherence=coherence, single_rps=single_rps)
    slowed = 1 + contention * (workers - 1) + coherence * workers * (workers - 1)
    return single_rps * workers / slowed


def usl_peak_workers(*, contention: float, coherence: float) -> float:
    """Best number of workers, with the highest throughput, sqrt((1 - sigma) / kappa).

    Raises:
        ValueError: `contention` is outside 0..1, or `coherence` not above 0: there is no peak.

    """
    domain.share(contention=contention)
    domain.positive(coherence=coherence)
    return math.sqrt((1 - contention) / coherence)


def usl_fit(
    worker_counts: Sequence[int], *, throughputs_rps: Sequence[float]
) -> tuple[float, float]:
    """Estimate sigma and kappa of the Universal Scalability Law from throughputs.

    N X(1) / X(N) - 1 = sigma (N - 1) + kappa N (N - 1) by least squares: Gunther's fit, whose
    curve goes through the throughput of one worker. The figures are estimates, and may be negative
    where the law does not hold.

    Raises:
        ValueError: a throughput is not above 0, the counts do not begin with 1 worker and go on
            with two other ones or more, or there is not one throughput for each.

    """
    for workers, throughput_rps in zip(worker_counts, throughputs_rps, strict=False):
        domain.count(1, workers=workers)
        domain.positive(throughput_rps=throughput_rps)
    domain.require(
        len(worker_counts) == len(throughputs_rps),
        f"throughputs_rps must be {len(worker_counts)} numbers, one for each of worker_counts",
    )
    domain.require(
        len(set(worker_counts)) >= FEWEST_FITTED and worker_counts[0] == 1,
        "worker_counts must begin with 1 and go on with two other counts or more",
    )
    others = [workers - 1 for workers in worker_counts]
    pairs = [workers * (workers - 1) for workers in worker_counts]
    slowed = [
        workers * throughputs_rps[0] / rps - 1
        for workers, rps in zip(worker_counts, throughputs_rps, strict=True)
    ]
    return _least_squares(others, pairs, slowed)


def usl_peak_sd(
    worker_counts: Sequence[int], *, contention: float, coherence: float, error_ratio: float
) -> float:
    """One standard deviation of the best number of workers by `usl_fit`, in workers.

    Each throughput is off by a share of itself with a standard deviation of `error_ratio`,
    independently. To first order: for errors that move the peak by little.

    Raises:
        ValueError: `contention` is 1, or as `usl_fit` and `usl_peak_workers`.

    """
    domain.not_negative(error_ratio=error_ratio)
    domain.require(contention < 1, f"contention must be below 1, not {contention:g}")
    peak = usl_peak_workers(contention=contention, coherence=coherence)
    law = {"contention": contention, "coherence": coherence}
    rates = [usl_throughput_rps(workers=workers, **law) for workers in worker_counts]
    moves = []
    for place, rate in enumerate(rates):
        moved = [*rates[:place], rate * (1 + SMALL), *rates[place + 1 :]]
        sigma, kappa = usl_fit(worker_counts, throughputs_rps=moved)
        shares = (sigma - contention) / (1 - contention) + (kappa - coherence) / coherence
        moves.append(peak * shares / 2 / SMALL)
    return error_ratio * math.hypot(*moves)


def _least_squares(
    first: Sequence[float], second: Sequence[float], wanted: Sequence[float]
) -> tuple[float, float]:
    """Give the factors of two series whose sum comes nearest to a third."""

    def product(one: Sequence[float], other: Sequence[float]) -> float:
        return math.fsum(a * b for a, b in zip(one, other, strict=True))

    mixed, scale = product(first, second), product(first, first) * product(second, second)
    of_first, of_second = product(first, wanted), product(second, wanted)
    return (
        (of_first * product(second, second) - of_second * mixed) / (scale - mixed**2),
        (of_second * product(first, first) - of_first * mixed) / (scale - mixed**2),
    )


def autoscaling_drain_s(
    *, rate_rps: float, capacity_rps: float, lag_s: float, scaled_rps: float
) -> float:
    """How long a backlog drains after capacity has come late, in seconds.

    (lambda - c) T / (c2 - lambda): what piled up in the lag (`overload.backlog`) over the surplus.

    Raises:
        ValueError: a number is negative, or `scaled_rps` is not above `rate_rps`.

    """
    domain.not_negative(
        rate_rps=rate_rps, capacity_rps=capacity_rps, lag_s=lag_s, scaled_rps=scaled_rps
    )
    domain.require(
        scaled_rps > rate_rps, f"scaled_rps must be above {rate_rps:g}, not {scaled_rps:g}"
    )
    return max(0.0, rate_rps - capacity_rps) * lag_s / (scaled_rps - rate_rps)


def failover_utilisation_limit(
    *, regions: int, lost: int = 1, boot_s: float, patience_s: float
) -> float:
    """Share busy up to which the other regions survive a loss, if machines boot meanwhile, 0 to 1.

    (n - k) / n / (1 - patience / boot): after the loss each has r = n / (n - k) times its load,
    and above 1 its queue grows by r - 1 seconds of work a second until machines come, which are r
    times as many as there were; so nobody waits longer than (1 - 1 / r) x boot, and that must not
    exceed what is left of the callers' patience. Who is more patient than a boot takes needs no
    room. Without machines that come it is (n - k) / n, to which it goes for long boots. Valid for
    even arrivals, and machines that are asked for at once. Derived (fluid).

    Raises:
        ValueError: a count is below 1, `lost` not below `regions`, or a time not above 0.

    """
    domain.count(1, regions=regions, lost=lost)
    domain.require(lost < regions, f"lost must be below {regions}, not {lost}")
    domain.positive(boot_s=boot_s, patience_s=patience_s)
    if patience_s >= boot_s:
        return 1.0
    return min(1.0, (regions - lost) / regions / (1 - patience_s / boot_s))


def tracking_rounds(*, machines: int, needed: int, target: float) -> int:
    """How many times a busy fleet must boot machines, one round after the other, to have enough.

    No machine is more than wholly busy, so m of them never ask for more than m / target in all.

    Raises:
        ValueError: a count is below 1, or `target` not between 0 and 1.

    """
    domain.count(1, machines=machines, needed=needed)
    domain.inner_share(target=target)
    rounds = 0
    while machines < needed:
        machines = _tracked(machines, target)
        rounds += 1
    return rounds


def tracked_machines(
    loads_erlangs: Sequence[float], *, machines: int, most: int, target: float, boot_looks: int
) -> list[int]:
    """How many machines serve between each two looks of an autoscaler that tracks a share busy.

    `loads_erlangs` is what arrives between two looks, in machines that it would keep busy. The
    autoscaler wants busy / target, rounded up, from `machines` to `most`; it asks for what is
    missing, and a machine serves `boot_looks` later. Fluid: what cannot be served waits. Valid
    while the load does not fall: nothing is taken away.

    Raises:
        ValueError: a load is negative, a count too low, or `target` not between 0 and 1.

    """
    domain.count(1, machines=machines)
    domain.count(machines, most=most)
    domain.count(0, boot_looks=boot_looks)
    domain.inner_share(target=target)
    domain.not_negative(loads_erlangs=loads_erlangs)
    asked = [(0, machines)]  # from which look on, how many
    backlog, served = 0.0, []
    for look, load in enumerate(loads_erlangs):
        ready = max(count for since, count in asked if since <= look)
        busy = min(ready, backlog + load)
        backlog += load - busy
        served.append(ready)
        wanted = min(most, _tracked(busy, target))
        if wanted > asked[-1][1]:
            asked.append((look + 1 + boot_looks, wanted))
    return served


def _tracked(busy: float, target: float) -> int:
    # Rounded first: 0.7 / 0.7 may be a little more than 1 in binary.
    return math.ceil(round(busy / target, 9))


def batch_wait_mean_s(*, rate_rps: float, size: int) -> float:
    """How long an item waits until its batch is full on average, (k - 1) / (2 lambda), s.

    Valid for batches that are closed by their number alone.

    Raises:
        ValueError: `rate_rps` not above 0, or `size` below 1.

    """
    domain.positive(rate_rps=rate_rps)
    domain.count(1, size=size)
    return (size - 1) / (2 * rate_rps)


def batch_capacity_rps(*, size: int, fixed_s: float, item_s: float) -> float:
    """Most items a second in batches of k, k / (a + k b).

    `fixed_s` a is spent once a batch, `item_s` b for each item: a / k + b each.

    Raises:
        ValueError: `size` below 1, a time negative, or both 0.

    """
    domain.count(1, size=size)
    domain.not_negative(fixed_s=fixed_s, item_s=item_s)
    domain.require(fixed_s + item_s > 0, "fixed_s and item_s must not both be 0")
    return size / (fixed_s + size * item_s)


def mesh_links(*, nodes: int) -> int:
    """Links of nodes that each keep one to every other, n (n - 1).

    Raises:
        ValueError: there is no node.

    """
    domain.count(1, nodes=nodes)
    return nodes * (nodes - 1)


def mesh_limit_nodes(*, links_per_node: int) -> int:
    """Most nodes of a mesh whose nodes can keep so many links, links + 1.

    With one node more all fail at once, old and new.

    Raises:
        ValueError: `links_per_node` is negative.

    """
    domain.count(0, links_per_node=links_per_node)
    return links_per_node + 1
