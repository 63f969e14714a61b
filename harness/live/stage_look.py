"""A look at a run on containers, in the form of a look at a simulated one.

What containers do not tell is None; before there are containers, hosts are absent.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.engines.sim.tally import SPAN_S
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
from harness.live.stage import Stage, is_there
from harness.model.fault import Connects

if TYPE_CHECKING:
    from harness.engines.real_time import HostSeen

ABSENT = "absent"
"""The state of a host of which there is no container."""
MICRO = 1e-6


def looked_at(stage: Stage, *, over: bool) -> Look:
    """Look at all that is known now."""
    lab = stage.plan.lab
    ends_s = min(stage.cut_s, lab.duration_s) + lab.load.longest_timeout_s()
    at_s = min(stage.now(), ends_s)
    acting = stage.acting
    with stage.lock:
        stage.tally.pass_time(min(at_s, lab.duration_s))
        under_way = stage.tally.under_way()
        links = tuple(_link(stage, link.name, under_way[link.name], at_s) for link in lab.links())
        load = load_shown(stage.tally, at_s)
    return Look(
        at_s=round(at_s, 3),
        over=over,
        span_s=SPAN_S,
        load=load,
        hosts=tuple(_host(stage, host, at_s, over=over) for host in lab.hosts()),
        links=links,
        faults=(*_own(stage), *_by_hand(stage)),
        settings=tuple(acting.changed()) if acting else (),
        notes=tuple(stage.all_notes()[-MOST_NOTES:]),
    )


def _own(stage: Stage) -> Iterator[FaultShown]:
    """Tell of the lab's own faults that were asked for."""
    for timed in (*stage.plan.lab.faults, *stage.plan.lab.steps):
        record = stage.own.get(id(timed))
        if record is None or record.start_s > stage.now():
            continue
        gone = record.removed_s == record.removed_s  # it is no NaN
        yield FaultShown(
            number=None,
            name=timed.fault.name,
            said=timed.said,
            state=GONE if gone else SEEN if is_there(record) else ASKED,
            at_s=record.removed_s if gone else record.start_s,
            target=timed.fault.target,
        )


def _by_hand(stage: Stage) -> Iterator[FaultShown]:
    there = stage.acting.there() if stage.acting else []
    for one in there:
        yield FaultShown(
            number=one.number,
            name=one.fault.name,
            said=one.fault.said,
            state=SEEN,
            at_s=one.record.start_s,
            target=one.fault.target,
        )
    if asked := stage.asked:
        yield FaultShown(
            number=None,
            name=asked.name,
            said=asked.said,
            state=ASKED,
            at_s=stage.now(),
            target=asked.target,
        )


def _host(stage: Stage, name: str, at_s: float, *, over: bool) -> HostShown:
    seen: HostSeen | None = None if over else stage.hosts.get(name)
    in_hand = stage.latest(name, IN_HAND) if seen else None
    clock_s = seen.clock.skew_s + seen.clock.drift_ppm * MICRO * at_s if seen else 0.0
    return HostShown(
        name=name,
        state=str(seen.state) if seen else ABSENT,
        starts=None,
        in_hand=in_hand,
        queue=stage.latest(name, QUEUE) if seen else None,
        unread=None,
        waiting=in_hand,
        gone=None,
        cpu=seen.cpu if seen else 1.0,
        skew_s=round(clock_s, 6),
        disk_full=seen.disk_full if seen else False,
        changed=dict(seen.changed) if seen else {},
    )


def _link(stage: Stage, name: str, under_way: int, at_s: float) -> LinkShown:
    calls, seen = stage.tally.calls[name], stage.links.get(name)
    return LinkShown(
        name=name,
        up=seen.up if seen else True,
        connects=str(Connects.ACCEPTED),
        toxics=seen.toxics if seen else (),
        connections=None,
        started=calls.started,
        under_way=under_way,
        outcomes=dict(sorted(calls.outcomes.items())),
        late=calls.late,
        unread=None,
        unread_bytes=None,
        last=calls.last(at_s),
    )
