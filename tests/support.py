"""What tests share: probe services, labs made of them, a bare network, hand-made recordings."""

import asyncio
import gc
import random
import sys
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Generator,
    Iterator,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from harness.engines.protocol import Conductor, Plan, Unwatched
from harness.engines.sim.collector import close_quietly
from harness.engines.sim.connector import SimConnector
from harness.engines.sim.engine import DELAY_S, SimEngine
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.network import Network
from harness.engines.sim.process import Process, ProcessState
from harness.engines.sim.tasks import ALL_TASKS
from harness.model import Broken, Lab, Service
from harness.model.fault import System, Timed
from harness.model.load import Flow, Load
from harness.recording import FaultRecord, Recording, Request
from services.context import Context, Platform
from services.redis import connect
from services.tracing import Span

T = TypeVar("T")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CLOSE = 1e-9
"""How far a virtual time may be from the exact one: the rounding of a few additions."""


Silent = Unwatched


@dataclass(frozen=True, slots=True, kw_only=True)
class At(Flow):
    """Arrivals at given times."""

    times_s: tuple[float, ...]

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        del rng, duration_s
        yield from self.times_s


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSettings:
    """A probe has none."""


def probe(
    name: str, app: Callable[[Context[Any]], web.Application], settings: type[Any] = NoSettings
) -> str:
    """Give the dotted name under which a lab can run an application that a test has made."""
    module = ModuleType(f"probe_{name}")
    vars(module).update(Settings=settings, app=app)
    sys.modules[module.__name__] = module
    return module.__name__


def application(handler: Handler) -> web.Application:
    """Serve every method and path by one handler."""
    made = web.Application()
    made.router.add_route("*", "/{tail:.*}", handler)
    return made


def lab(
    *services: Service, load: Load, duration_s: float = 10, faults: tuple[Timed, ...] = ()
) -> Lab:
    """Make a lab that claims nothing, with one variant, `only`."""
    return Lab(
        title="",
        question="",
        services=services,
        load=load,
        duration_s=duration_s,
        faults=faults,
        variants=(Broken("only"),),
        expect=(),
    )


def conducted(act: Callable[[System], Awaitable[None]], duration_s: float = 10) -> Conductor:
    """Make a conductor of what a test wants to do to a running system."""

    async def conduct(system: System) -> list[FaultRecord]:
        await act(system)
        await system.until(duration_s)
        return []

    return conduct


async def watch(system: System) -> None:
    """Do nothing to a system."""
    del system


def run(
    value: Lab, conduct: Conductor | None = None, *, variant: str = "", seed: int = 0
) -> Recording:
    """Simulate a variant of a lab, its first when none is named."""
    chosen = value.variant(variant) if variant else value.variants[0]
    plan = Plan(slug="test", lab=value, variant=chosen, seed=seed)
    return SimEngine().run(plan, conduct or conducted(watch, value.duration_s), Silent())


def virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


class World:
    """Hosts on a simulated network, without a lab: a task of any of them can be started."""

    def __init__(self, *links: tuple[str, str]) -> None:
        self.loop = VirtualLoop()
        self.crashes: list[object] = []
        self.loop.on_crash = lambda process, details: self.crashes.append((process, details))
        self.links = {
            (caller, callee): SimLink(caller, callee, DELAY_S, random.Random(0))
            for caller, callee in links
        }
        self.network = Network(self.loop, list(self.links.values()))
        self.processes = self.network.processes
        for host in dict.fromkeys(host for link in links for host in link):
            self.processes[host] = Process(host, 0)

    def on(self, host: str, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task of a host."""
        return self.loop.create_task(coroutine, context=self.processes[host].context())

    def pause(self, host: str) -> None:
        self.loop.gate()
        self.processes[host].state = ProcessState.PAUSED

    def resume(self, host: str) -> None:
        self.processes[host].state = ProcessState.RUNNING
        self.loop.release(self.processes[host])

    def run(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Run a scenario, which belongs to no host; no callback may crash."""
        try:
            result = self.loop.run_until_complete(scenario)
        finally:
            self.loop.close()
            close_quietly(partial(ALL_TASKS, self.loop), self.loop)
        assert self.crashes == []
        return result

    def platform(self, host: str, spans: list[Span] | None = None) -> Platform:
        """Give what a context needs, with links to every host that this one may call."""
        return Platform(
            host=host,
            links={
                callee: f"http://{callee}:8080" for caller, callee in self.links if caller == host
            },
            connector=SimConnector,
            redis=connect,
            rng=random.Random(0),
            now=self.loop.time,
            wall=self.loop.time,
            burn=_refuse,
            exit=_refuse,
            volume=Memory(),
            record=(spans if spans is not None else []).append,
        )


class Memory:
    """A volume in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, content: bytes) -> None:
        self.files[name] = content


def session() -> aiohttp.ClientSession:
    """Open an HTTP client on the simulated network, in the name of the host that asks."""
    return aiohttp.ClientSession(connector=SimConnector(), cookie_jar=aiohttp.DummyCookieJar())


def recording(
    requests: Sequence[Request] | None = None,
    *,
    faults: list[FaultRecord] | None = None,
    spans: list[Span] | None = None,
    variant: str = "only",
    duration_s: float = 10,
) -> Recording:
    """Make a recording by hand."""
    return Recording(
        lab="test",
        variant=variant,
        seed=0,
        engine="sim",
        duration_s=duration_s,
        requests=requests or [],
        faults=faults or [],
        spans=spans or [],
    )


def request(
    number: int, intended_s: float, *, status: str = "200", latency_s: float = 0.01
) -> Request:
    """Make a request by hand, sent when it was due."""
    answered_s = intended_s + latency_s if status.isdigit() else float("nan")
    return Request(number, "/", intended_s, intended_s, answered_s, status)


def fault(
    start_s: float, end_s: float, *, seen_s: float | None = None, removed_s: float | None = None
) -> FaultRecord:
    """Make the record of a fault, read back at its start and its end unless told otherwise."""
    return FaultRecord(
        name="pause payments",
        target="payments",
        start_s=start_s,
        end_s=end_s,
        requested_s=start_s,
        applied_s=start_s,
        seen_s=start_s if seen_s is None else seen_s,
        removed_s=end_s if removed_s is None else removed_s,
    )


def _refuse(value: float) -> Any:
    raise NotImplementedError(value)


class WholeSystem:
    """A system that only passes time, in virtual seconds from 0."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, at_s: float) -> None:
        await asyncio.sleep(at_s - self.now())

    async def behind(self, name: str) -> Collection[str]:
        return (name,)

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


@contextmanager
def pythons_collector() -> Generator[None]:
    """Have the garbage collector as it is in a process that has not set it."""
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.freeze()
