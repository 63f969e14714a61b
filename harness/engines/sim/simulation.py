"""One simulated run: a lab's own services in virtual time, on a simulated network."""

import asyncio
import importlib
import math
import random
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from harness.acting import Acting
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.connector import SimConnector
from harness.engines.sim.endings import StuckError
from harness.engines.sim.events import EventLog, ToldSystem
from harness.engines.sim.failures import Failure
from harness.engines.sim.guard import Guard, refuse_drawn_order
from harness.engines.sim.holders import HOLDERS
from harness.engines.sim.hosts import Host
from harness.engines.sim.invariants import CHECKS
from harness.engines.sim.leftovers import (
    check_closed,
    check_healed,
    check_timers,
    disconnect,
)
from harness.engines.sim.link import SimLink
from harness.engines.sim.load import SimLoad
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.machine import Core, Machine
from harness.engines.sim.network import Network
from harness.engines.sim.notes import Notes, told
from harness.engines.sim.process import EPOCH_S, Process
from harness.engines.sim.sampler import Sampler
from harness.engines.sim.shared import Shared
from harness.engines.sim.system import SimSystem
from harness.engines.sim.tally import Tally
from harness.model.lab import CLIENT, Link
from harness.recording import Recording
from harness.rows import Rows
from services.context import Attempt, Platform, dice
from services.server import PORT, Served, load, serve
from services.tracing import Span

if TYPE_CHECKING:
    import redis.asyncio

BY_HAND = "by hand"
"""Who is named by notes of what a person did."""

NAME = "sim"
"""How the engine is called in recordings."""

DELAY_S = 0.000_25
"""A link's one-way delay: about what a container bridge and a proxy add together."""

UNRETRIEVED = "Task exception was never retrieved"
"""What asyncio says to a process's own exception handler of a task that nobody has awaited."""

REDIS = "harness.engines.sim.redis"
"""Loaded as services are, by its name, for the labs that have one: it takes half a second."""

SLACK_S = 60.0
"""What a run may take beyond its duration and the load's patience, and its hosts to start."""


def _refuse(call: str, instead: str) -> NoReturn:
    """Refuse a process's call, and end the run that it is of: the one whose loop runs."""
    loop: Any = asyncio.get_running_loop()
    loop.refuse(call, instead)
    raise AssertionError


GUARD = Shared(lambda: Guard(_refuse))
"""One for all runs under way: the modules of services are the same for all."""


class Simulation:
    """One run: hosts for the services, a `System` for the conductor, and the load."""

    def __init__(
        self,
        loop: VirtualLoop,
        plan: Plan,
        observer: Observer,
        events: EventLog | None,
        tally: Tally | None = None,
    ) -> None:
        self._loop = loop
        self._plan = plan
        self._observer = observer
        self._services = plan.lab.placed(plan.variant)
        links = [self._link(link) for link in plan.lab.links()]
        self.links = {link.name: link for link in links}
        self._network = Network(loop, links, plan.lab.behind)
        self.processes = self._network.processes
        self.hosts = {
            name: Host(name, loop, self.processes, Machine(self._right), self._serve)
            for name in plan.lab.hosts()
        }
        for name, service in self._services.items():
            self.hosts[name].machine.restart_after_s = service.restart_after_s
            self.hosts[name].tell = self._tell
        self._stores = {store.name: store for store in plan.lab.stores}
        self._redis: dict[str, Any] = {}
        self.system = SimSystem(self.hosts, self._network, plan.lab.behind, self.now)
        if events is not None:
            self.system = self._told(events, links)
        self._events = events
        self._notes = Notes(self.now, loop.doubt)
        self._recording = Recording(
            lab=plan.slug,
            variant=plan.variant.name,
            seed=plan.seed,
            engine=NAME,
            duration_s=plan.lab.duration_s,
            surges=list(plan.lab.surges()),
        )
        self._spans = Rows(Span)
        self.start_s = 0.0
        client = Process(CLIENT, 0)
        self.load = SimLoad(plan, self.now, partial(self._spawn, client))
        self._tally = self.load.tap = tally
        self.acting = Acting(plan.lab, plan.variant, self.system, self.load)
        self._watching: asyncio.Task[None] | None = None
        loop.on_crash = self._note_crash

    async def run(self, conduct: Conductor) -> Recording:
        """Start the hosts, load and break them, drain, and give the recording."""
        self._loop.ends_s = SLACK_S
        for host in self.hosts.values():
            await host.boot()
        self.start_s = self._loop.time()
        lab = self._plan.lab
        self._loop.ends_s = self.start_s + lab.duration_s + lab.load.longest_timeout_s() + SLACK_S
        recording = self._recording
        sampler = Sampler(self.processes, recording.series)
        self.load.start()
        self._watching = asyncio.create_task(self._watch(sampler))
        planned = await conduct(self.system)
        recording.faults = [*planned, *await self.acting.over()]
        recording.surges += self.acting.surges()
        if CHECKS.dear and recording.faults:
            check_healed(*self._changed_by_faults_alone())
        await self._watching
        recording.requests = await self.load.over()
        # What is still under way is collected at any time later, and then its `finally` writes.
        recording.spans, self._spans = self._spans, Rows(Span)
        self._note(self._loop.failures.all())
        for at_s, text in self.acting.notes:
            self._notes.add(BY_HAND, text, at_s)
        recording.notes = self._notes.lines()
        return recording

    def _changed_by_faults_alone(self) -> tuple[list[SimLink], list[Host]]:
        """Give the links and hosts that no distance, step or hand has changed for good."""
        lab = self._plan.lab
        apart = {link.name for link, _ in lab.apart()}
        stepped = {host for step in lab.steps for host in lab.behind(step.fault.target)}
        stepped |= self.acting.hosts()
        links = [link for link in self.links.values() if link.name not in apart | stepped]
        hosts = [host for name, host in self.hosts.items() if name not in stepped]
        return links, hosts

    def close(self, running: asyncio.Task[Any]) -> None:
        """End a run that has failed, and forget the hosts: nothing of them runs any more."""
        with ExitStack() as stack:  # also where what ends it finds more that is broken
            stack.callback(self._disconnect)
            for host in self.hosts.values():
                stack.callback(host.abandon)
            self._end(running)

    def _end(self, running: asyncio.Task[Any]) -> None:
        self._loop.on_crash = _ignore
        own = (running, self._watching, *self.load.tasks)
        unfinished = [task for task in own if task is not None and not task.done()]
        if unfinished:
            for process in self.processes.values():
                self.hosts[process.host].kill()
            self._loop.unwind()
            for task in unfinished:
                task.cancel()
            with suppress(StuckError):
                self._loop.run_until_complete(asyncio.wait(unfinished))

    def _disconnect(self) -> None:
        disconnect(self.links.values(), self.processes.values())
        if CHECKS.dear:
            check_closed(self.processes.values(), self.links.values())
            check_timers(self._loop.pending())

    def listening(self) -> AbstractContextManager[None]:
        """Take down what the hosts log, while they run."""
        return self._notes.listening()

    def so_far(self) -> Recording:
        """Give a recording of the whole seconds that have passed, while the run goes on."""
        return replace(
            self._recording,
            duration_s=float(math.floor(min(self.now(), self._plan.lab.duration_s))),
            requests=self._recording.requests or self.load.so_far(),
            spans=self._recording.spans or self._spans,
            faults=self.acting.records(),
            surges=[*self._plan.lab.surges(), *self.acting.surges()],
        )

    def notes(self) -> list[str]:
        """Give the notes so far, those of what a person did last."""
        by_hand = [f"{BY_HAND}: {text} at {at_s:g} s" for at_s, text in self.acting.notes]
        return [*self._notes.lines(), *by_hand]

    def now(self) -> float:
        """Seconds since the load's start."""
        return self._loop.time() - self.start_s

    def _told(self, events: EventLog, links: list[SimLink]) -> ToldSystem:
        events.begin(self._plan, self.now)
        for link in links:
            events.follow(link)
        system = ToldSystem(self.hosts, self._network, self._plan.lab.behind, self.now)
        system.events = events
        return system

    def _link(self, link: Link) -> SimLink:
        rng = random.Random(f"{self._plan.seed}/link/{link.name}")
        return SimLink(link.caller, link.callee, DELAY_S, rng)

    async def _serve(self, process: Process, core: Core, machine: Machine) -> Served | None:
        process.seed = str(self._plan.seed)
        if process.host in self._stores:
            await self._store(process.host, machine).boot()
            return None
        service = self._services[process.host]
        with HOLDERS.with_real_dates():
            load(service.app)
        GUARD.value.watch()
        refuse_drawn_order(sys.modules[service.app])
        here = self._platform(process, core, machine)
        return await serve(service.app, here, dict(service.settings), machine.changes)

    def _spawn(self, process: Process, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self._loop.create_task(coroutine, context=process.context())

    def _right(self) -> float:
        return EPOCH_S + self.now()

    def _platform(self, process: Process, core: Core, machine: Machine) -> Platform:
        host, tally = process.host, self._tally
        return Platform(
            host=host,
            links={to: self._url(to) for to in self._services[host].callees(host)},
            connector=SimConnector,
            redis=_connect,
            rng=dice(self._plan.seed, host, process.number),
            now=self.now,
            wall=machine.wall,
            burn=core.burn,
            exit=partial(self.hosts[host].exit, process),
            volume=machine.disk.mount(process),
            record=self._record if tally is None else partial(self._tell_span, process, tally),
            begun=None if tally is None else partial(tally.begun, process),
        )

    def _record(self, span: Span) -> None:
        self._spans.append(span)

    def _tell_span(self, process: Process, tally: Tally, span: Span) -> None:
        self._spans.append(span)
        tally.ended_span(process, span)

    def _url(self, callee: str) -> str:
        return f"redis://{callee}:6379" if callee in self._stores else f"http://{callee}:{PORT}"

    def _store(self, host: str, machine: Machine) -> Any:  # noqa: ANN401 - loaded by its name
        if host not in self._redis:
            self._redis[host] = importlib.import_module(REDIS).RedisHost(
                wall=machine.wall,
                rng=random.Random(f"{self._plan.seed}/{host}/redis"),
                persistent=self._stores[host].persistent,
            )
        return self._redis[host]

    async def _watch(self, sampler: Sampler) -> None:
        sampler.sample()
        for second in range(math.ceil(self._plan.lab.duration_s)):
            await self.system.until(second + 1)
            self._note(self._loop.failures.certain())
            sampler.sample()
            self._observer.second(second, self.load.good_in(second))

    def _tell(self, event: str, process: Process, how: str) -> None:
        """Note and trace what a process does by itself; faults are traced where they are made."""
        if how:
            self._notes.add(process.label, how)
        if self._events is not None:
            self._events.tell(event, host=process.host, **({"how": how} if how else {}))

    def _note_crash(self, process: Process | None, details: dict[str, Any]) -> None:
        if process and process.crashes:
            process.crashes.inc()
        error = details.get("exception")
        self._loop.doubt(error)
        task = details.get("task") or details.get("future")
        who = process.label if process else task.get_name() if task else "harness"
        self._notes.add(who, told(error) if error else str(details.get("message")))

    def _note(self, failures: list[Failure]) -> None:
        for at_s, process, task in failures:
            error = task.exception()
            assert error is not None
            self._loop.doubt(error)
            if process.exception_handler:
                details = {"message": UNRETRIEVED, "exception": error, "future": task}
                process.context().run(self._loop.call_exception_handler, details)
                continue
            if process.crashes:
                process.crashes.inc()
            self._notes.add(process.label, f"nobody awaited {told(error)}", at_s - self.start_s)


def _connect(url: str, begin: Callable[[], Attempt]) -> "redis.asyncio.Redis":
    connection = importlib.import_module(REDIS).SimConnection
    connect = importlib.import_module("services.redis").connect
    client: redis.asyncio.Redis = connect(url, begin, connection)
    return client


def _ignore(process: Process | None, details: dict[str, Any]) -> None:
    del process, details
