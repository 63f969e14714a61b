"""The maps of the retry storm: when the queue shrinks after the freeze, and how long that may be.

A queue that shrinks is worked off sooner or later, one that grows is not: so the first map, tries
across and load upwards, needs no wait for a recovery that may take minutes close to the boundary.
Nor does it wait for the freeze, which begins after a second.

The second, `trigger-size`, has load across and the length of the freeze upwards. A freeze is too
long if some seconds later the queue is longer than a call may wait: then every call is repeated,
and it grows for good.
"""

from collections.abc import Callable

from harness.measures import gauges
from harness.model.expect import Measure
from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.recording import Recording
from harness.theory import retries
from labs.cascades.retry_storm.predictions import SERVICE_S, TIMEOUT_S, WORKERS

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


LATER_S = 12
"""When the second map looks at the queue: six seconds after the longest freeze of it."""
WAITS = round((TIMEOUT_S - SERVICE_S) * WORKERS / SERVICE_S)
"""How many requests are worked off while a call waits, less the time for its own."""


def stall_s(number: int) -> Callable[[float, Numbers], float]:
    """Give one end of theory's bracket: the freeze that surely passes (0), or surely stays (1)."""

    def of(rate_rps: float, numbers: Numbers) -> float:
        return retries.fatal_stall_bracket_s(
            rate_rps=rate_rps,
            capacity_rps=capacity_rps(numbers),
            timeout_s=numbers["checkout.timeout_ms"] / 1000,
        )[number]

    return of


MAP = SweepMap(
    title="Does the queue shrink after the freeze?",
    variant="naive",
    vary=("checkout.tries=1..5", "load.rate_rps=20..100:5"),
    settings=("fault.start_s=1", "fault.for_s=2"),
    measure=backlog_growth_rps(4, 6),
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

BRACKET = "theory:metastable-trigger-size"
MAPS = {
    "trigger-size": SweepMap(
        title="Does a freeze of this length pass by itself?",
        variant="naive",
        vary=("load.rate_rps=50..90:10", "fault.for_s=0.4..0.9:0.05"),
        measure=gauges.level(WAITING, LATER_S, LATER_S + 0.5),
        until=f"<={WAITS}",
        holds="the queue is short again, so it has passed",
        fails="the queue is longer than calls may wait, so it stays",
        seeds=5,
        boundaries=(
            Boundary(name="τ", of=stall_s(0), source=BRACKET, decisive=True),
            Boundary(name="τ(2-λ/μ)", of=stall_s(1), source=BRACKET, decisive=True),
        ),
    )
}
