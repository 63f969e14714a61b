"""A look at a run on containers, in the form of a look at a simulated one.

What containers do not tell is None; before there are containers, hosts are absent.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.engines.sim.tally import SPAN_S
from harness.live.live_run import LiveRun, is_there
from harness.live.snapshot import (
    ASKED,
    GONE,
    IN_HAND,
    MOST_NOTES,
    QUEUE,
    SEEN,
    FaultShown,
    HostShown,
    LinkShown,
    Look,
    load_shown,
)
from harness.model.distance import without_distances
from harness.model.fault import Connects

if TYPE_CHECKING:
    from harness.engines.real_time import HostSeen

ABSENT = "absent"
"""The state of a host of which there is no container."""
MICRO = 1e-6


def looked_at(live: LiveRun, *, over: bool) -> Look:
    """Look at all that is known now."""
    lab = live.plan.lab
    ends_s = min(live.cut_s, lab.duration_s) + lab.load.longest_timeout_s()
    at_s = min(live.now(), ends_s)
    acting = live.acting
    with live.told.lock:
        live.told.tally.pass_time(min(at_s, lab.duration_s))
        under_way = live.told.tally.under_way()
        links = tuple(_link(live, link.name, under_way[link.name], at_s) for link in lab.links())
        load = load_shown(live.told.tally, at_s)
    return Look(
        at_s=round(at_s, 3),
        over=over,
        span_s=SPAN_S,
        load=load,
        hosts=tuple(_host(live, host, at_s, over=over) for host in lab.hosts()),
        links=links,
        faults=(*_own(live), *_by_hand(live)),
        settings=tuple(acting.changed()) if acting else (),
        notes=tuple(live.all_notes()[-MOST_NOTES:]),
    )


def _own(live: LiveRun) -> Iterator[FaultShown]:
    """Tell of the lab's own faults that were asked for."""
    for timed in (*live.plan.lab.faults, *live.plan.lab.steps):
        record = live.own.get(id(timed))
        if record is None or record.start_s > live.now():
            continue
        gone = not math.isnan(record.removed_s)
        yield FaultShown(
            number=None,
            name=timed.fault.name,
            said=timed.said,
            state=GONE if gone else SEEN if is_there(record) else ASKED,
            start_s=record.start_s,
            end_s=record.removed_s if gone else None,
            target=timed.fault.target,
        )


def _by_hand(live: LiveRun) -> Iterator[FaultShown]:
    there = live.acting.there() if live.acting else []
    for one in there:
        yield FaultShown(
            number=one.number,
            name=one.fault.name,
            said=one.fault.said,
            state=SEEN,
            start_s=one.record.start_s,
            end_s=None,
            target=one.fault.target,
        )
    if asked := live.asked:
        yield FaultShown(
            number=None,
            name=asked.name,
            said=asked.said,
            state=ASKED,
            start_s=live.now(),
            end_s=None,
            target=asked.target,
        )


def _host(live: LiveRun, name: str, at_s: float, *, over: bool) -> HostShown:
    seen: HostSeen | None = None if over else live.hosts.get(name)
    in_hand = live.told.latest(name, IN_HAND) if seen else None
    clock_s = seen.clock.skew_s + seen.clock.drift_ppm * MICRO * at_s if seen else 0.0
    return HostShown(
        name=name,
        state=str(seen.state) if seen else ABSENT,
        starts=None,
        in_hand=in_hand,
        queue=live.told.latest(name, QUEUE) if seen else None,
        unread=None,
        waiting=in_hand,
        gone=None,
        cpu=seen.cpu if seen else 1.0,
        skew_s=round(clock_s, 6),
        disk_full=seen.disk_full if seen else False,
        changed=dict(seen.changed) if seen else {},
    )


def _link(live: LiveRun, name: str, under_way: int, at_s: float) -> LinkShown:
    calls, seen = live.told.tally.calls[name], live.links.get(name)
    return LinkShown(
        name=name,
        up=seen.up if seen else True,
        connects=str(Connects.ACCEPTED),
        toxics=without_distances(seen.toxics) if seen else (),
        connections=None,
        started=calls.started,
        under_way=under_way,
        outcomes=dict(sorted(calls.outcomes.items())),
        late=calls.late,
        unread=None,
        unread_bytes=None,
        last=calls.last(at_s),
    )
