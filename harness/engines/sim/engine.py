"""The simulated engine: a lab's own services in virtual time, on a simulated network."""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from aiohttp.web_app import _cached_build_middleware

from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.connector import SimConnector
from harness.engines.sim.link import SimLink
from harness.engines.sim.load import SimLoad
from harness.engines.sim.loop import StuckError, VirtualLoop
from harness.engines.sim.network import Network
from harness.engines.sim.process import Disk, Process, ProcessState
from harness.engines.sim.sampler import Sampler
from harness.errors import LabError
from harness.model.fault import HostState, ToxicSpec
from harness.model.lab import CLIENT, Link, Service
from harness.recording import Recording
from services.context import Context, Platform
from services.server import PORT, SettingError, serve

DELAY_S = 0.000_25
"""A link's one-way delay: about what a container bridge and a proxy add together."""

EPOCH_S = 1_767_225_600.0
"""The wall clock at a run's start: 2026-01-01 00:00 UTC."""


class SimEngine:
    """Runs a plan in virtual time: no sockets, threads or processes, the same for a seed."""

    name = "sim"

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Make the plan happen and record it.

        Raises:
            ChaoslabError: the lab is at fault, or its simulation is stuck.

        """
        loop = VirtualLoop()
        simulation = Simulation(loop, plan, observer)
        running = loop.create_task(simulation.run(conduct))
        try:
            return loop.run_until_complete(running)
        finally:
            simulation.close(running)
            loop.close()
            # It would keep every application, and with it every run, for ever.
            _cached_build_middleware.cache_clear()


class Simulation:
    """One run: a `System` for the conductor, hosts for the services."""

    def __init__(self, loop: VirtualLoop, plan: Plan, observer: Observer) -> None:
        self._loop = loop
        self._plan = plan
        self._observer = observer
        self._services = {service.name: service for service in plan.lab.under(plan.variant)}
        self._disks = {name: Disk() for name in self._services}
        links = [self._link(link) for link in plan.lab.links()]
        self._network = Network(loop, links)
        self._processes = self._network.processes
        self._recording = Recording(
            lab=plan.slug,
            variant=plan.variant.name,
            seed=plan.seed,
            engine=SimEngine.name,
            duration_s=plan.lab.duration_s,
        )
        self._start_s = 0.0
        self._contexts: list[Context[Any]] = []
        self._own: list[asyncio.Task[Any]] = []
        loop.on_crash = self._note_crash

    async def run(self, conduct: Conductor) -> Recording:
        """Start the hosts, load and break them, drain, and give the recording."""
        for service in self._services.values():
            await self._boot(service)
        self._start_s = self._loop.time()
        recording = self._recording
        load = SimLoad(self._plan, self.now)
        sampler = Sampler(self._processes, recording.series)
        client = Process(CLIENT, 0)
        loading = self._spawn(client, load.run())
        watching = asyncio.create_task(self._watch(sampler, load))
        self._own = [loading, watching]
        recording.faults = await conduct(self)
        await watching
        recording.requests = await loading
        # What is still under way is collected at any time later, and then its `finally` writes.
        return replace(recording, spans=list(recording.spans))

    def close(self, running: asyncio.Task[Any]) -> None:
        """End a run that has failed, and forget the hosts: nothing of them runs any more."""
        self._loop.on_crash = _ignore
        unfinished = [task for task in (running, *self._own) if not task.done()]
        if unfinished:
            for task in unfinished:
                task.cancel()
            with suppress(StuckError):
                self._loop.run_until_complete(asyncio.wait(unfinished))
        for task in asyncio.all_tasks(self._loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001
        for context in self._contexts:
            context.abandon()

    def now(self) -> float:
        """Seconds since the load's start."""
        return self._loop.time() - self._start_s

    async def until(self, at_s: float) -> None:
        """Let virtual time pass up to a moment of the run."""
        await asyncio.sleep(at_s - self.now())

    async def pause(self, host: str) -> None:
        """Hold a host's callbacks."""
        self._loop.gate()
        process = self._processes[host]
        if process.state is ProcessState.RUNNING:
            process.state = ProcessState.PAUSED

    async def resume(self, host: str) -> None:
        """Run a host's held callbacks, in their order."""
        process = self._processes[host]
        if process.state is ProcessState.PAUSED:
            process.state = ProcessState.RUNNING
            self._loop.release(process)

    async def kill(self, host: str) -> None:
        """Drop a host's tasks, close its sockets, keep its disk."""
        self._loop.gate()
        process = self._processes[host]
        process.state = ProcessState.DEAD
        process.listeners.clear()
        for endpoint in process.endpoints:
            endpoint.cut()
        self._loop.bury(process)

    async def start(self, host: str) -> None:
        """Give a host a new process, which finds its disk as it was."""
        if self._processes[host].state is ProcessState.DEAD:
            await self._boot(self._services[host])

    async def state(self, host: str) -> HostState:
        """Read back what a host is doing now."""
        return {
            ProcessState.RUNNING: HostState.RUNNING,
            ProcessState.PAUSED: HostState.PAUSED,
            ProcessState.DEAD: HostState.DOWN,
        }[self._processes[host].state]

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        """Put a toxic on a link, for live connections and new ones."""
        self._network.link(link).add(toxic)

    async def remove_toxic(self, link: str, name: str) -> None:
        """Take a toxic off a link."""
        self._network.link(link).remove(name)

    async def toxics(self, link: str) -> Collection[str]:
        """Read back the names of the toxics on a link."""
        return self._network.link(link).toxics

    async def set_link(self, link: str, *, up: bool) -> None:
        """Let a link listen, or refuse connects and end its live connections."""
        self._network.link(link).set_up(up=up)

    async def link_up(self, link: str) -> bool:
        """Read back whether a link listens."""
        return self._network.link(link).up

    def _link(self, link: Link) -> SimLink:
        rng = random.Random(f"{self._plan.seed}/link/{link.name}")
        return SimLink(link.caller, link.callee, DELAY_S, rng)

    async def _boot(self, service: Service) -> None:
        before = self._processes.get(service.name)
        process = Process(service.name, before.number + 1 if before else 0)
        self._processes[service.name] = process
        settings = dict(service.settings)
        starting = self._spawn(process, serve(service.app, self._platform(process), settings))
        try:
            process.service = await starting
            self._contexts.append(process.service)
        except (ImportError, SettingError) as error:
            raise LabError(f"service {service.name} does not start: {error}") from error

    def _spawn(self, process: Process, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self._loop.create_task(coroutine, context=process.context())

    def _platform(self, process: Process) -> Platform:
        host = process.host
        return Platform(
            host=host,
            links={callee: f"http://{callee}:{PORT}" for callee in self._services[host].calls},
            connector=SimConnector,
            rng=random.Random(f"{self._plan.seed}/{host}/service"),
            now=self.now,
            wall=lambda: EPOCH_S + self.now(),
            burn=Cpu(self._loop).burn,
            volume=self._disks[host].mount(process),
            record=self._recording.spans.append,
        )

    async def _watch(self, sampler: Sampler, load: SimLoad) -> None:
        sampler.sample()
        for second in range(math.ceil(self._plan.lab.duration_s)):
            await self.until(second + 1)
            sampler.sample()
            self._observer.second(second, load.good_in(second))

    def _note_crash(self, process: Process | None, details: dict[str, Any]) -> None:
        where = process.label if process else "harness"
        cause = details.get("exception") or details.get("message")
        self._recording.notes.append(f"{self.now():.3f} s {where}: {cause!r}")


class Cpu:
    """A process's one CPU: what is asked of it is done one after the other."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._free_s = 0.0

    @asynccontextmanager
    async def burn(self, cpu_ms: float) -> AsyncIterator[None]:
        """Occupy the CPU for some milliseconds, once it is free."""
        self._free_s = max(self._loop.time(), self._free_s) + cpu_ms / 1000
        await asyncio.sleep(self._free_s - self._loop.time())
        yield


def _ignore(process: Process | None, details: dict[str, Any]) -> None:
    del process, details
