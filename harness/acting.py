"""Acting: does operations to a running lab by hand, reads them back, and keeps what is there.

The lab's own faults and steps are the conductor's; both are held against each other.
"""

import asyncio
import math
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from harness.changes import Change
from harness.conductor import applied_now, remove
from harness.errors import ChaoslabError, FaultNotAppliedError, LabError
from harness.model.change import Configure
from harness.model.fault import Fault, Setting, System, Timed, during
from harness.model.lab import Lab
from harness.model.operations import Operation
from harness.model.plain_values import short
from harness.model.validate_faults import faults
from harness.model.variant import Measured, Variant
from harness.recording import FaultRecord

BEGINS_S = 1e-9
"""When what is there at 0 s is held to begin: validation wants a healthy start, and a person may
break at once."""


class RefusedError(ChaoslabError):
    """An operation cannot be done now; the message says why, and nothing of it was done."""


class Load(Protocol):
    """A load that can be steered while it is sent."""

    async def pace(self, times: float) -> float:
        """Come so many times as fast as drawn, from now on or very soon; give from when on."""

    async def send_now(self, count: int, *, to: str, path: str, method: str) -> None:
        """Send requests beside those that were drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A fault that is there: its number, when it was asked for, and its record so far."""

    number: int
    fault: Fault
    record: FaultRecord


class Acting:
    """The stage of one run's operations; they are done one after the other, in their order."""

    def __init__(self, lab: Lab, variant: Variant, system: System, load: Load) -> None:
        self._lab = replace(lab, variants=(Measured(variant.name, variant.settings),))
        self._system = system
        self._load = load
        self._turn = asyncio.Lock()
        self._count = 0
        self._there: dict[int, Injected] = {}
        self._set: dict[str, tuple[float, Setting]] = {}
        self._done: list[FaultRecord] = []
        self._paces: list[tuple[float, float]] = []
        self.notes: list[tuple[float, str]] = []
        """What a person should know that no refusal could say, with its time."""
        self.is_over = False

    # What may be asked of it.

    def problems(self, operation: Operation) -> Iterator[str]:
        """Say why an operation cannot be done now; nothing if it can."""
        if self.is_over:
            yield f"the load's {self._lab.duration_s:g} s are over; open a longer run"
            return
        yield from operation.problems(self)

    async def do(self, operation: Operation) -> int | None:
        """Do an operation, when those before it are done; an injected fault gives its number.

        Raises:
            RefusedError: it could not be done, and was undone.

        """
        async with self._turn:
            try:
                return await operation.act(self)
            except (FaultNotAppliedError, LabError) as error:
                raise RefusedError(str(error)) from error

    async def over(self) -> list[FaultRecord]:
        """Put all injected faults right at the end, the last first; give all records in order."""
        async with self._turn:
            self.is_over = True
            for number in reversed(list(self._there)):
                await self.heal(number)
        return sorted(self._done, key=lambda record: record.start_s)

    def surges(self) -> Iterator[Change]:
        """Name the changes of the load's pace, each until the next one or the end."""
        for (at_s, times), (end_s, _) in pairwise([*self._paces, (self._lab.duration_s, 1.0)]):
            if times != 1 and at_s < end_s:
                yield Change(f"load x {times:g}", at_s, end_s)

    def records(self) -> list[FaultRecord]:
        """Give the records so far: what was done, then what is there."""
        return [*self._done, *(one.record for one in self.there())]

    def there(self) -> list[Injected]:
        """Give the injected faults that are there, in their order."""
        return list(self._there.values())

    def hosts(self) -> set[str]:
        """Name the hosts of which a setting is changed by hand."""
        return {host for name in self._set for host in self._lab.behind(name.partition(".")[0])}

    # What operations ask of it.

    def against(self, fault: Fault) -> Iterator[str]:
        """Say why a fault cannot begin now: validation's sentences that it alone brings about."""
        yield from self._against(fault, self._held())

    def against_setting(self, name: str, value: Setting) -> Iterator[str]:
        """Say why a live setting cannot have a value now; one set before is set anew."""
        target, dot, setting = name.partition(".")
        if not (dot and setting):
            yield f"{short(name)} is no setting; write it as service.setting"
            return
        yield from self._against(Configure(target, {setting: value}), self._held(but=name))

    def injected(self) -> Collection[int]:
        """Give the numbers of the faults that are there."""
        return list(self._there)

    def changed(self) -> Collection[str]:
        """Name the settings that were set by hand."""
        return list(self._set)

    def targets(self) -> Collection[str]:
        """Name the services that the load asks."""
        return self._lab.load.targets()

    async def inject(self, fault: Fault) -> int:
        """Break something and read it back; what is not all there is taken away again."""
        try:
            record = await applied_now(self._system, fault, self._record(fault))
        except ChaoslabError:
            with suppress(ChaoslabError):  # the first error says what is wrong
                await remove(self._system, fault)
            raise
        self._count += 1
        number = self._count
        self._there[number] = Injected(number=number, fault=fault, record=record)
        return number

    async def heal(self, number: int) -> None:
        """Put a fault right, and read that back; one that something else has undone is noted."""
        one = self._there[number]
        removal_s = self._system.now()
        undone = not await one.fault.there(self._system)
        await remove(self._system, one.fault)
        if not await one.fault.gone(self._system):
            text = f"{one.fault.name}: something of it is still there after its removal"
            raise FaultNotAppliedError(text)
        del self._there[number]
        removed_s = math.nan if undone else self._system.now()
        self._done.append(
            replace(one.record, end_s=removal_s, removal_s=removal_s, removed_s=removed_s)
        )
        if undone:
            self.notes.append((removal_s, f"{one.fault.name}: something else had undone it"))

    async def set(self, name: str, value: Setting) -> None:
        """Change a live setting, and read it back; it stays, as a step does."""
        target, _, setting = name.partition(".")
        change = Configure(target, {setting: value})
        self._done.append(await applied_now(self._system, change, self._record(change)))
        self._set[name] = self._system.now(), value

    async def unset(self, name: str) -> None:
        """Put a setting back, and read that back."""
        target, _, setting = name.partition(".")
        _, value = self._set.pop(name)
        change = Configure(target, {setting: value})
        record = replace(self._record(change), name=f"put back {name}")
        await remove(self._system, change)
        if not await change.gone(self._system):
            raise FaultNotAppliedError(f"{name}: asked to be put back, but it is still changed")
        now_s = self._system.now()
        self._done.append(replace(record, requested_s=now_s, applied_s=now_s, seen_s=now_s))

    async def pace(self, times: float) -> None:
        """Let the load come so many times as fast as its own rate."""
        self._paces.append((await self._load.pace(times), times))

    async def send(self, count: int, *, to: str, path: str, method: str) -> None:
        """Send requests now."""
        await self._load.send_now(count, to=to, path=path, method=method)

    def _record(self, fault: Fault) -> FaultRecord:
        return FaultRecord(name=fault.name, target=fault.target, start_s=self._system.now())

    def _held(self, but: str = "") -> list[Timed]:
        """Give what is there by hand, but for one setting, as faults that last to the end."""
        there = [(one.record.start_s, one.fault) for one in self._there.values()]
        for name, (at_s, value) in self._set.items():
            target, _, setting = name.partition(".")
            if name != but:
                there.append((at_s, Configure(target, {setting: value})))
        ends_s = self._lab.duration_s
        return [during(max(at_s, BEGINS_S), ends_s, fault) for at_s, fault in there]

    def _against(self, fault: Fault, held: list[Timed]) -> Iterator[str]:
        now_s = max(self._system.now(), BEGINS_S)
        ahead = [one for one in self._lab.faults if one.end_s > now_s]
        new = during(now_s, self._lab.duration_s, fault)
        known = set(faults(replace(self._lab, faults=(*ahead, *held))))
        for problem in faults(replace(self._lab, faults=(*ahead, *held, new))):
            if problem not in known:
                yield problem
