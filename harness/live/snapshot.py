"""What one sees of a run at a moment, as values with a JSON form; looking changes nothing."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.engines.sim.hosts import Host
from harness.engines.sim.link import SimLink
from harness.engines.sim.process import EPOCH_S, Process
from harness.engines.sim.session import SimSession
from harness.engines.sim.tally import SPAN_S, Calls, Tally
from harness.model.distance import without_distances
from harness.model.fault import Setting, Timed

IN_HAND = "requests_in_flight"
QUEUE = "queue_depth"
UPSTREAM = "upstream"
MOST_NOTES = 50
ASKED, SEEN, GONE = "asked", "seen", "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostShown:
    """A host: `in_hand` requests it serves or holds, `queue` waits inside; None where unknown.

    `unread` requests were sent to it that it has not read; `waiting` are those and what is in its
    hands, and of `gone` of them the caller has given up. `starts` counts its processes, the first
    included. `skew_s` is what its clock is ahead now, `cpu` how many times as long its work takes.
    Containers do not tell of what is unread, of callers, nor of starts.
    """

    name: str
    state: str
    starts: int | None
    in_hand: int | None
    queue: int | None
    unread: int | None
    waiting: int | None
    gone: int | None
    cpu: float
    skew_s: float
    disk_full: bool
    changed: Mapping[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShown:
    """A link: its calls since the start, and the bytes that its two ends have not read.

    Of `started` calls, `under_way` have not ended for their caller, `outcomes` counts the others;
    `late` ones were answered when nobody waited any more. `unread` connections hold a request that
    the callee has not read. `last` counts what happened to calls in the last second. On containers
    a call is told when it ends, and connections are not. A distance is none of the `toxics`: it is
    there all along.
    """

    name: str
    up: bool
    connects: str
    toxics: tuple[str, ...]
    connections: int | None
    started: int
    under_way: int
    outcomes: Mapping[str, int]
    late: int
    unread: int | None
    unread_bytes: int | None
    last: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadShown:
    """The load's requests that ended in the last second; a latency of none is None.

    `p50_ms` and `p99_ms` are of good ones, `ended_p50_ms` and `ended_p99_ms` of all. `failed_s` is
    when the last one failed since the start, None where none did.
    """

    sent: int
    under_way: int
    good: int
    failed: Mapping[str, int]
    p50_ms: float | None
    p99_ms: float | None
    ended_p50_ms: float | None
    ended_p99_ms: float | None
    failed_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultShown:
    """A fault: by hand it has a number, the lab's own have none; `said` as people say it.

    Until it has ended, `end_s` is None.
    """

    number: int | None
    name: str
    said: str
    state: str
    start_s: float
    end_s: float | None
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All of it, at one moment of the run."""

    at_s: float
    over: bool
    span_s: float
    load: LoadShown
    hosts: tuple[HostShown, ...]
    links: tuple[LinkShown, ...]
    faults: tuple[FaultShown, ...]
    settings: tuple[str, ...]
    notes: tuple[str, ...]


def looked(session: SimSession, tally: Tally, planned: tuple[Timed, ...]) -> Look:
    """Look at a run; `planned` are the faults that its conductor applies by itself."""
    simulation, now_s = session.simulation, session.now_s
    under_way = tally.under_way()
    acting = simulation.acting
    links = tuple(
        _link(link, tally.calls[name], under_way[name], now_s)
        for name, link in simulation.links.items()
    )
    by_hand = [
        FaultShown(
            number=one.number,
            name=one.fault.name,
            said=one.fault.said,
            state=SEEN if one.record.seen_s <= now_s else ASKED,
            start_s=one.record.start_s,
            end_s=None,
            target=one.fault.target,
        )
        for one in acting.there()
    ]
    return Look(
        at_s=now_s,
        over=session.over,
        span_s=SPAN_S,
        load=load_shown(tally, now_s),
        hosts=tuple(
            _host(host, simulation.processes[name], links, now_s)
            for name, host in simulation.hosts.items()
        ),
        links=links,
        faults=(*_own(planned, now_s), *by_hand),
        settings=tuple(acting.changed()),
        notes=tuple(simulation.notes()[-MOST_NOTES:]),
    )


def _own(planned: tuple[Timed, ...], now_s: float) -> Iterator[FaultShown]:
    """Tell of the lab's own faults so far: one that did not come or go has ended the run."""
    for timed in planned:
        if timed.start_s <= now_s:
            gone = timed.end_s <= now_s
            yield FaultShown(
                number=None,
                name=timed.fault.name,
                said=timed.said,
                state=GONE if gone else SEEN,
                start_s=timed.start_s,
                end_s=timed.end_s if gone else None,
                target=timed.fault.target,
            )


def load_shown(tally: Tally, now_s: float) -> LoadShown:
    """Show the load as it was in the last second."""
    last = tally.last(now_s)
    good = [request for _, request in last if request.good]
    latencies = sorted(1000 * request.latency_s for request in good)
    # One that was never answered took until its caller gave up.
    all_of_them = sorted(1000 * (end_s - request.intended_s) for end_s, request in last)
    failed = Counter(request.status for _, request in last if not request.good)
    return LoadShown(
        sent=tally.sent,
        under_way=tally.load_under_way(),
        good=len(latencies),
        failed=dict(sorted(failed.items())),
        p50_ms=_quantile(latencies, 0.5),
        p99_ms=_quantile(latencies, 0.99),
        ended_p50_ms=_quantile(all_of_them, 0.5),
        ended_p99_ms=_quantile(all_of_them, 0.99),
        failed_s=tally.failed_s,
    )


def _quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    return round(values[min(len(values) - 1, math.ceil(share * len(values)) - 1)], 3)


def _host(host: Host, process: Process, links: tuple[LinkShown, ...], now_s: float) -> HostShown:
    gauges = _gauges(process)
    to_it = [link for link in links if link.name.endswith(f"->{host.name}")]
    # A caller that gives up closes, but what it had sent is still there to be read.
    unread = sum(
        one.inbound.stream == UPSTREAM and one.inbound.unread_bytes > 0 for one in process.endpoints
    )
    waiting = gauges.get(IN_HAND, 0) + unread
    machine = host.machine
    return HostShown(
        name=host.name,
        state=str(host.state()),
        starts=process.number + 1,
        in_hand=gauges.get(IN_HAND),
        queue=gauges.get(QUEUE),
        unread=unread,
        waiting=waiting,
        gone=max(0, waiting - sum(link.under_way for link in to_it)),
        cpu=machine.cpu_factor,
        skew_s=round(machine.wall() - EPOCH_S - now_s, 6),
        disk_full=machine.disk.full,
        changed=dict(host.configured()),
    )


def _gauges(process: Process) -> dict[str, int]:
    if process.service is None:
        return {}
    wanted = process.service.metrics.restricted_registry([IN_HAND, QUEUE])
    return {one.name: int(sample.value) for one in wanted.collect() for sample in one.samples}


def _link(link: SimLink, calls: Calls, under_way: int, now_s: float) -> LinkShown:
    unread = [pipe.unread_bytes for pipe in link.pipes if pipe.stream == UPSTREAM]
    return LinkShown(
        name=link.name,
        up=link.up,
        connects=str(link.connects),
        toxics=without_distances(link.toxics),
        connections=len(unread),
        started=calls.started,
        under_way=under_way,
        outcomes=dict(sorted(calls.outcomes.items())),
        late=calls.late,
        unread=sum(size > 0 for size in unread),
        unread_bytes=sum(unread),
        last=calls.last(now_s),
    )
