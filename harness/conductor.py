"""The conductor: applies a lab's faults at their times, and takes every one away."""

import asyncio
import math
from contextlib import AsyncExitStack
from dataclasses import replace

from harness.engines.protocol import Conductor
from harness.errors import FaultNotAppliedError
from harness.model.fault import Fault, System, Timed, moments
from harness.recording import FaultRecord

REMOVAL_LIMIT_S = 10.0


def conductor(faults: tuple[Timed, ...], duration_s: float) -> Conductor:
    """Give what an engine runs beside the load: it ends when the load's time is over.

    Raises:
        FaultNotAppliedError: a fault was asked for and is not all there, then or at its end, or
            something of it is still there afterwards.

    """

    async def conduct(system: System) -> list[FaultRecord]:
        log = {id(timed): _record(timed) for timed in faults}
        active: dict[int, Fault] = {}
        try:
            for at_s, timed, begins in moments(faults):
                await system.until(at_s)
                if begins:
                    active[id(timed)] = timed.fault
                    log[id(timed)] = await _break(system, timed.fault, log[id(timed)])
                else:
                    log[id(timed)] = await _mend(system, timed.fault, log[id(timed)])
                    del active[id(timed)]
            await system.until(duration_s)
        finally:
            # One that does not go must not keep the others: a stack calls them all, the last first.
            async with AsyncExitStack() as stack:
                for fault in active.values():
                    stack.push_async_callback(_remove, system, fault)
        return list(log.values())

    return conduct


def _record(timed: Timed) -> FaultRecord:
    return FaultRecord(
        name=timed.fault.name, target=timed.fault.target, start_s=timed.start_s, end_s=timed.end_s
    )


async def _break(system: System, fault: Fault, record: FaultRecord) -> FaultRecord:
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
    await _remove(system, fault)
    if not await fault.gone(system):
        raise FaultNotAppliedError(
            f"{fault.name}: something of it is still there after its removal"
        )
    return replace(record, removal_s=removal_s, removed_s=system.now())


async def _remove(system: System, fault: Fault) -> None:
    try:
        async with asyncio.timeout(REMOVAL_LIMIT_S):
            await fault.remove(system)
    except TimeoutError as error:
        limit = f"{REMOVAL_LIMIT_S:g} s"
        raise FaultNotAppliedError(f"{fault.name}: not removed within {limit}") from error


def applied(record: FaultRecord) -> bool:
    """Say whether a fault was read back as there and as gone."""
    return not (math.isnan(record.seen_s) or math.isnan(record.removed_s))
