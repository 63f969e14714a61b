"""The conductor: applies a lab's faults at their times, and takes every one away."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

from harness.engines.protocol import Conductor
from harness.errors import FaultNotAppliedError
from harness.model.fault import Fault, System, Timed, ToxicSpec, moments
from harness.model.lab import Lab
from harness.recording import FaultRecord

REMOVAL_LIMIT_S = 10.0


FaultLog = dict[int, FaultRecord]
"""What became of each fault so far, by the `id` of its `Timed`, in their order."""


def conducted(lab: Lab, log: FaultLog | None = None) -> Conductor:
    """Give the conductor of a lab: its distances, its faults and its steps."""
    distances = [(link.name, toxic) for link, between in lab.apart() for toxic in between.toxics()]
    return conductor((*lab.faults, *lab.steps), lab.duration_s, distances, log)


def conductor(
    faults: tuple[Timed, ...],
    duration_s: float,
    distances: Collection[tuple[str, ToxicSpec]] = (),
    log: FaultLog | None = None,
) -> Conductor:
    """Give what an engine runs beside the load: it ends when the load's time is over.

    `distances` are toxics by their links, which are there before the load begins. What has no end
    is a step: it stays. `log` is kept up to date for whoever looks at the faults while it goes on.

    Raises:
        FaultNotAppliedError: a fault was asked for and is not all there, then or at its end, or
            something of it is still there afterwards; or a step was undone.

    """

    async def conduct(system: System) -> list[FaultRecord]:
        records: FaultLog = {} if log is None else log
        records.update({id(timed): _record(timed) for timed in faults})
        active: dict[int, Fault] = {}

        async def begin(timed: Timed) -> None:
            active[id(timed)] = timed.fault
            records[id(timed)] = await applied_now(system, timed.fault, records[id(timed)])
            if timed.stays:
                del active[id(timed)]

        async def end(timed: Timed) -> None:
            records[id(timed)] = await _mend(system, timed.fault, records[id(timed)])
            del active[id(timed)]

        await _put_apart(system, distances)
        try:
            for (at_s, begins), group in groupby(moments(faults), key=itemgetter(0, 2)):
                if at_s > duration_s:
                    break
                await system.until(at_s)
                timed = [one for _, one, _ in group]
                await _together(system, timed, begin if begins else end)
            await system.until(duration_s)
            await _still_there(system, faults)
        finally:
            # One that does not go must not keep the others: a stack calls them all, the last first.
            async with AsyncExitStack() as stack:
                for fault in active.values():
                    stack.push_async_callback(remove, system, fault)
        return list(records.values())

    return conduct


def _record(timed: Timed) -> FaultRecord:
    return FaultRecord(
        name=timed.fault.name, target=timed.fault.target, start_s=timed.start_s, end_s=timed.end_s
    )


async def _together(
    system: System, faults: Collection[Timed], do: Callable[[Timed], Awaitable[None]]
) -> None:
    """Begin or end faults of one moment: in parallel, unless two of them hit one host or link.

    Else the last of them would come as late as all others take.
    """
    if len(faults) == 1 or await _meet(system, faults):
        for timed in faults:
            await do(timed)
        return
    for error in await asyncio.gather(*map(do, faults), return_exceptions=True):
        if error:
            raise error


async def _meet(system: System, faults: Collection[Timed]) -> bool:
    hit = [place for timed in faults for place in await system.behind(timed.fault.target)]
    return len(set(hit)) < len(hit)


async def _put_apart(system: System, distances: Collection[tuple[str, ToxicSpec]]) -> None:
    for link, toxic in distances:
        await system.add_toxic(link, toxic)
    for link, toxic in distances:
        if toxic.name not in await system.toxics(link):
            raise FaultNotAppliedError(f"{link}: asked for {toxic.name}, which is not there")


async def _still_there(system: System, faults: tuple[Timed, ...]) -> None:
    """Look at each step again, but for those that a later one has replaced."""
    last = {timed.fault.target: timed.fault for timed in faults if timed.stays}
    for step in last.values():
        if not await step.there(system):
            raise FaultNotAppliedError(f"{step.name}: undone by something else before the end")


async def applied_now(system: System, fault: Fault, record: FaultRecord) -> FaultRecord:
    """Apply a fault, read it back, and write the times into its record.

    Raises:
        FaultNotAppliedError: not all of it is there.

    """
    requested_s = system.now()
    await fault.apply(system)
    applied_s = system.now()
    if not await fault.there(system):
        raise FaultNotAppliedError(f"{fault.name}: asked for, but not all of it is there")
    return replace(record, requested_s=requested_s, applied_s=applied_s, seen_s=system.now())


async def _mend(system: System, fault: Fault, record: FaultRecord) -> FaultRecord:
    removal_s = system.now()
    if not await fault.there(system):
        raise FaultNotAppliedError(
            f"{fault.name}: gone, in whole or in part, before its end at {record.end_s:g} s; "
            "something else has undone it"
        )
    await remove(system, fault)
    if not await fault.gone(system):
        raise FaultNotAppliedError(
            f"{fault.name}: something of it is still there after its removal"
        )
    return replace(record, removal_s=removal_s, removed_s=system.now())


async def remove(system: System, fault: Fault) -> None:
    """Take a fault away.

    Raises:
        FaultNotAppliedError: it takes longer than the limit.

    """
    try:
        async with asyncio.timeout(REMOVAL_LIMIT_S):
            await fault.remove(system)
    except TimeoutError as error:
        limit = f"{REMOVAL_LIMIT_S:g} s"
        raise FaultNotAppliedError(f"{fault.name}: not removed within {limit}") from error


def applied(record: FaultRecord) -> bool:
    """Say whether a fault was read back as there, and as gone unless it stays."""
    removed = record.stays or not math.isnan(record.removed_s)
    return removed and not math.isnan(record.seen_s)
