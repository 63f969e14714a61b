"""The map of the stock: workers against what telling costs, and whether they keep up."""

import math

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import scaling
from labs.traffic.universal_scalability.predictions import BOOKED, LAW

WANTED_RPS = 15


def shares(tell_ms: float, numbers: Numbers) -> tuple[float, float, float]:
    """Give sigma, kappa, and how many times a single worker's throughput is wanted."""
    alone_ms = numbers["stock.work_ms"] + numbers["stock.book_ms"]
    return numbers["stock.book_ms"] / alone_ms, tell_ms / alone_ms, WANTED_RPS * alone_ms / 1000


def roots(tell_ms: float, numbers: Numbers) -> tuple[float, float]:
    """Give the fewest and the most workers that keep up: the law, solved for their number."""
    contention, coherence, times = shares(tell_ms, numbers)
    linear = 1 - contention * times + coherence * times
    square, constant = coherence * times, (1 - contention) * times
    if not square:
        return constant / linear, math.nan
    inside = linear**2 - 4 * square * constant
    if inside < 0:
        return math.nan, math.nan
    away = math.sqrt(inside)
    return (linear - away) / (2 * square), (linear + away) / (2 * square)


def fewest(tell_ms: float, numbers: Numbers) -> float:
    """Give from how many workers on they keep up."""
    return roots(tell_ms, numbers)[0]


def most(tell_ms: float, numbers: Numbers) -> float:
    """Give up to how many workers they keep up."""
    return roots(tell_ms, numbers)[1]


def best(tell_ms: float, numbers: Numbers) -> float:
    """Give the number of workers with the highest throughput."""
    contention, coherence, _ = shares(tell_ms, numbers)
    if not coherence:
        return math.nan
    return scaling.usl_peak_workers(contention=contention, coherence=coherence)


MAP = SweepMap(
    title=f"Do so many workers keep up with {WANTED_RPS} orders a second?",
    variant="workers-20",
    vary=("stock.tell_ms=0,0.5,1,2,3,4,6,8", "stock.workers=1,2,3,4,5,6,8,10,12,15,20,25,30"),
    measure=BOOKED,
    until=f">={WANTED_RPS}",
    holds="they keep up",
    fails="they do not",
    boundaries=(
        Boundary(name="fewest", of=fewest, source=LAW),
        Boundary(name="peak", of=best, source=LAW),
        Boundary(name="most", of=most, source=LAW),
    ),
)
