"""What goes on inside a run on containers while a person plays with it.

The run has a thread and a loop of its own, in which its conductor, its looks and what is done by
hand take turns. The session's thread asks.
"""

import asyncio
import math
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from harness.acting import Acting, RefusedError
from harness.changes import Change
from harness.conductor import FaultLog, conducted
from harness.engines.containers import refuse_beside
from harness.engines.protocol import Plan
from harness.errors import ChaoslabError, LabError
from harness.live.ahead import Ahead
from harness.live.so_far import SoFar
from harness.model.change import Configure
from harness.model.fault import Fault, System
from harness.model.operations import Inject, Operation, Set
from harness.model.script import Act, Script
from harness.recording import FaultRecord, Recording, Request
from services.tracing import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from harness.engines.real_time import HostSeen, LinkSeen, Watched

LOOK_S = 0.5
"""From one question about hosts and links to the next."""
SETTLED_S = 1.0
"""How old a second is when all its samples can be read."""
MILLI = 3


class LiveRun:
    """One run's listener and conductor, and all that is known of it while it goes on."""

    def __init__(self, plan: Plan, script: Script) -> None:
        self.plan = plan
        self.told = SoFar(plan, self.now)
        self.hosts: Mapping[str, HostSeen] = {}
        self.links: Mapping[str, LinkSeen] = {}
        self.notes: list[str] = []
        self.steps: deque[str] = deque()
        """What is done before there is a load, in words that nobody has taken yet."""
        self.done: list[Act] = []
        self.asked: Fault | None = None
        """A fault that is just being injected."""
        self.own: FaultLog = {}
        self.cut_s = math.inf
        self.ahead = Ahead(script)
        self._system: Watched | None = None
        self._acting: Acting | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    # What the run tells, in its own thread.

    def second(self, number: int, good: int) -> None:
        """Let a second pass."""

    def step(self, what: str) -> None:
        """Hear what is done before there is a load, or after it."""
        self.steps.append(what)

    def request(self, request: Request) -> None:
        """Hear that a request of the load has ended."""
        self.told.request(request)

    def span(self, span: Span) -> None:
        """Hear that a call has ended."""
        self.told.span(span)

    def steered(self, at_s: float, operation: Operation) -> None:
        """Hear that the load does from a moment on what was asked of it by hand."""
        self.told.steered(at_s, operation)

    def note(self, text: str) -> None:
        """Hear what a person should know."""
        self.notes.append(text)

    # What the session asks, in another thread.

    @property
    def is_running(self) -> bool:
        """Whether the load is there, so that something can be done."""
        return self._acting is not None and not self._acting.is_over

    def now(self) -> float:
        """Seconds since the load's start, 0 before it."""
        return max(0.0, self._system.now()) if self._system else 0.0

    @property
    def acting(self) -> Acting | None:
        """What is done by hand, once there is a load."""
        return self._acting

    def act(self, operation: Operation) -> "Future[tuple[float, int | None]]":
        """Do an operation; the future gives when it was asked for, and an injected fault's number.

        Raises:
            LabError: there is no load.

        """
        loop = self._there()
        return asyncio.run_coroutine_threadsafe(self._act(operation), loop)

    def end(self) -> None:
        """Let the load end in a moment, so that what was recorded is kept.

        Raises:
            LabError: there is no load.

        """
        self._there().call_soon_threadsafe(self._ended.set)

    def _there(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or not self.is_running:
            raise LabError("no load is sent now: play first, and wait until the containers are up")
        return self._loop

    def so_far(self) -> Recording:
        """Give a recording of the whole seconds that have passed."""
        lasts_s = float(math.floor(min(self.now(), self.plan.lab.duration_s, self.cut_s)))
        recording = self.told.recording(lasts_s)
        by_hand = self._acting.records() if self._acting else []
        return replace(
            recording,
            faults=[*self.own.values(), *by_hand],
            surges=[*recording.surges, *self.surges()],
            notes=self.all_notes(),
        )

    def surges(self) -> list[Change]:
        """Name the changes of the load's pace by hand, as far as it was sent."""
        found = self._acting.surges() if self._acting else ()
        cut = [one._replace(end_s=min(one.end_s, self.cut_s)) for one in found]
        return [one for one in cut if one.start_s < one.end_s]

    def all_notes(self) -> list[str]:
        """Give what the run has told, then what was noted of what was done by hand."""
        by_hand = self._acting.notes if self._acting else []
        return [*self.notes, *(f"by hand: {text} at {at_s:g} s" for at_s, text in by_hand)]

    # What happens in the run's loop.

    async def conduct(self, system: System) -> list[FaultRecord]:
        """Let the lab's own faults, the script and a person's hands happen; heal all at the end."""
        self._system = cast("Watched", system)
        self._acting = Acting(self.plan.lab, self.plan.variant, system, self._system)
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            own = group.create_task(self._conduct_own(system))
            ended = group.create_task(self._ended.wait())
            beside = [group.create_task(one) for one in (self._follow_script(), self._watch())]
            await asyncio.wait((own, ended), return_when=asyncio.FIRST_COMPLETED)
            if not own.done():
                self.cut_s = await self._system.end_load()
                self.told.end_load(self.cut_s)
                await system.until(self.cut_s)
            for task in (own, ended, *beside):
                task.cancel()
        by_hand = await self._acting.over()
        await self._glance()
        begun = [one for one in self.own.values() if not math.isnan(one.requested_s)]
        return [*begun, *by_hand]

    async def _conduct_own(self, system: System) -> None:
        await conducted(self.plan.lab, self.own)(system)

    async def _follow_script(self) -> None:
        assert self._system  # noqa: S101 - it goes on
        while (next_s := self.ahead.next_s()) is not None:
            await self._system.until(next_s)
            act, operation = self.ahead.take()
            what = f"the script's {act.operation.do} at {act.at_s:g} s"
            if operation is None:
                self.note(f"{what}: the fault that it is to heal was not injected")
                continue
            try:
                self.ahead.got((await self._act(operation))[1])
            except RefusedError as error:
                self.note(f"{what}: {error}")

    async def _act(self, operation: Operation) -> tuple[float, int | None]:
        assert self._acting  # noqa: S101 - it goes on
        if problems := [*self._acting.problems(operation)]:
            raise RefusedError("; ".join(problems))
        fault = _fault_of(operation)
        await self._rehearse(fault)
        at_s = round(self.now(), MILLI)
        self.asked = fault
        try:
            number = await self._acting.do(operation)
        finally:
            self.asked = None
        self.done.append(Act(at_s=at_s, operation=operation))
        with suppress(ChaoslabError):  # the next look may do better
            await self._glance()
        return at_s, number

    async def _rehearse(self, fault: Fault | None) -> None:
        """Refuse what containers cannot do now, before they try."""
        if fault is None:
            return
        assert self._acting  # noqa: S101 - it goes on
        planned = {id(one): one.fault for one in (*self.plan.lab.faults, *self.plan.lab.steps)}
        there = [planned[key] for key, record in self.own.items() if is_there(record)]
        there += [one.fault for one in self._acting.there()]
        try:
            await refuse_beside(self.plan, there, fault)
        except LabError as error:
            raise RefusedError(str(error)) from error

    async def _watch(self) -> None:
        """Look at hosts, links and samples; what cannot be seen now may be at the next look."""
        while True:
            with suppress(ChaoslabError):
                await self._glance()
                await self._sample()
            await asyncio.sleep(LOOK_S)

    async def _glance(self) -> None:
        assert self._system  # noqa: S101 - it goes on
        self.hosts = await self._system.hosts_now()
        self.links = await self._system.links_now()

    async def _sample(self) -> None:
        assert self._system  # noqa: S101 - it goes on
        first, last = self.told.seconds, math.floor(self.now() - SETTLED_S)
        if last >= first:
            self.told.samples(first, last, await self._system.series(first, last))


def is_there(record: FaultRecord) -> bool:
    """Say whether a fault was read back as there, and not yet as gone."""
    return not math.isnan(record.seen_s) and math.isnan(record.removed_s)


def _fault_of(operation: Operation) -> Fault | None:
    match operation:
        case Inject(fault=fault):
            return fault
        case Set(name=name, value=value):
            target, _, setting = name.partition(".")
            return Configure(target, {setting: value})
    return None
