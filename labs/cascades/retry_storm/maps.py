"""The map of the retry storm: tries across, load upwards, and whether the queue then shrinks.

A queue that shrinks is worked off sooner or later, one that grows is not: so the map needs no wait
for a recovery that may take minutes close to the boundary.
"""

from harness.measures import gauges
from harness.model.expect import Measure
from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.recording import Recording
from harness.theory import retries

WAITING = "queue_depth"


def backlog_growth_rps(start_s: int, end_s: int) -> Measure:
    """By how much the queue of `payments` grows each second, from one second to another."""
    before, after = (gauges.level(WAITING, at_s, at_s + 0.5) for at_s in (start_s, end_s))

    def compute(recording: Recording) -> float:
        return (after.compute(recording) - before.compute(recording)) / (end_s - start_s)

    return Measure(
        name=f"growth of the queue, {start_s}-{end_s} s",
        unit="/s",
        compute=compute,
        reads=gauges.level(WAITING, start_s, end_s).reads,
    )


def capacity_rps(numbers: Numbers) -> float:
    """Give what `payments` can serve."""
    return 1000 * numbers["payments.workers"] / numbers["payments.service_ms"]


def stays_down_from_rps(tries: float, numbers: Numbers) -> float:
    """Give the load from which on every call is made `tries` times and that is too much."""
    return retries.vulnerable_from_rps(
        capacity_rps=capacity_rps(numbers),
        amplification=retries.retry_amplification(retries=int(tries) - 1),
    )


MAP = SweepMap(
    title="Does the queue shrink after the freeze?",
    variant="naive",
    vary=("checkout.tries=1..5", "load.rate_rps=20..100:5"),
    measure=backlog_growth_rps(9, 11),
    until="<=0",
    holds="shrinks, so it recovers",
    fails="grows, so it never recovers",
    seeds=3,
    boundaries=(
        Boundary(
            name="μ/(1+m)", of=stays_down_from_rps, source="theory:metastable-retry", decisive=True
        ),
        Boundary(
            name="μ", of=lambda _, numbers: capacity_rps(numbers), source="theory:metastable-retry"
        ),
    ),
)
