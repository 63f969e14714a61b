"""A recording second by second: the curves that are drawn, and the moments worth telling."""

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.measures.requests import HEALTHY, by_second, quantile_of, well_from_s
from harness.model.lab import Lab
from harness.recording import Recording

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """One value for each second of a run; `attempted` is empty when no call was traced.

    `offered` counts requests by the second in which they were due, `attempted` calls to the
    callees asked for by their start, `goodput` good answers by their arrival; all per second. The
    latencies are those of the good answers to what was due in the second, NaN without any.
    """

    offered: Values
    attempted: Values
    goodput: Values
    p50_ms: Values
    p99_ms: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What a post-mortem asks first, in seconds of the run; NaN for what did not come to pass.

    `well_s` is the first second from which on all are healthy, infinite when none is.
    """

    applied_s: float
    sick_s: float
    removed_s: float
    well_s: float


def curves(recording: Recording, callees: tuple[str, ...]) -> Curves:
    """Count a recording out by the second, attempts being calls to any of some callees."""
    requests, duration_s = recording.requests, recording.duration_s
    starts = array(
        "d",
        (s.start_s for s in recording.spans if s.kind == "client" and s.callee in callees),
    )
    latencies = [array("d") for _ in range(math.ceil(duration_s))]
    for request in requests:
        if request.good:
            latencies[int(request.intended_s)].append(request.latency_s)
    return Curves(
        offered=_rates((request.intended_s for request in requests), duration_s),
        attempted=_rates(starts, duration_s) if starts else (),
        goodput=_rates((request.answered_s for request in requests if request.good), duration_s),
        p50_ms=tuple(1000 * quantile_of(group, 0.5) for group in latencies),
        p99_ms=tuple(1000 * quantile_of(group, 0.99) for group in latencies),
    )


def told(lab: Lab, recording: Recording) -> Values:
    """Give the one curve that a lab is told by: of its own plot, or good answers as they came."""
    line = lab.reading.line
    if line is None or line.plot is None:
        good = (one.answered_s for one in recording.requests if one.good)
        return _rates(good, recording.duration_s)
    found = line.plot.of(recording)
    chosen = [found[name] for name in (line.curves or found) if name in found]
    return tuple(map(math.fsum, zip(*chosen, strict=True)))


def faulted_callees(lab: Lab) -> tuple[str, ...]:
    """Give those whose calls tell of the faults: what is hit, else what is at the end.

    The load's own entry is none of them, as the load leaves requests and no spans.
    """
    called = {callee for service in lab.services for callee in service.calls}
    hit = {timed.fault.target.rpartition("->")[2] for timed in lab.faults}
    hit |= {lab.folded(host) for host in hit}
    ends = {
        name
        for service in lab.services
        if not service.calls
        for name in (service.name, *service.hosts())
    } | {store.name for store in lab.stores}
    return tuple(sorted(hit & called or ends & called))


def moments(recording: Recording) -> Moments:
    """Find when a run broke and when it was well again."""
    sick = [second for second, share in enumerate(by_second(recording)) if share < HEALTHY]
    return Moments(
        applied_s=min(_known(fault.applied_s for fault in recording.faults), default=math.nan),
        sick_s=min(sick, default=math.nan),
        removed_s=max(_known(fault.removed_s for fault in recording.faults), default=math.nan),
        well_s=well_from_s(recording),
    )


def _known(times: Iterable[float]) -> Iterator[float]:
    return (at_s for at_s in times if not math.isnan(at_s))


def _rates(times: Iterable[float], duration_s: float) -> Values:
    counts = [0] * math.ceil(duration_s)
    for at_s in times:
        if 0 <= at_s < duration_s:
            counts[int(at_s)] += 1
    return tuple(count / min(1, duration_s - second) for second, count in enumerate(counts))
