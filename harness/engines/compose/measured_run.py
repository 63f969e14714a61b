"""One run on containers: starts them, gates, loads, lets faults happen, and reads back."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from docker.errors import APIError

from harness.engines.compose import logs
from harness.engines.compose.agent import Agent, ByAgent
from harness.engines.compose.clocks import QUESTIONS, Clocks, check_jump
from harness.engines.compose.loadlog import LoadLog
from harness.engines.compose.prometheus import HALF_STEP_S, HANDOVER_S, Prometheus, ScrapeLog
from harness.engines.compose.render import LOAD, OWN_SERVICES, PROMETHEUS, TOXIPROXY
from harness.engines.compose.stack import OnLine, Stack
from harness.engines.compose.supervisor import CRASHED
from harness.engines.compose.toxics import Toxiproxy
from harness.engines.compose.watched import WatchedContainers
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.real_time import Listener
from harness.errors import ChaoslabError, EnvironmentNotReadyError, LabError
from harness.recording import FaultRecord, Recording, SeriesKey

ENGINE = "compose"
"""How the engine is called in `--engine` and in recordings."""
GATE_LIMIT_S = 40.0
SLACK_S = 30.0
"""What a run may take beyond its own time and the client's patience."""
SCRAPE_S = 0.3
"""How long after a scrape's time its samples may be queried, at most."""
LOOK_S = 0.05


def _hearer(lines: "asyncio.Queue[tuple[str, str | None]]") -> OnLine:
    """Give what the threads that follow logs call."""
    loop = asyncio.get_running_loop()

    def hear(name: str, line: str | None) -> None:
        # After the run, nobody listens any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lines.put_nowait, (name, line))

    return hear


@asynccontextmanager
async def _within(limit_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as error:
        raise EnvironmentNotReadyError(
            f"the run was not over after {limit_s:.0f} s: run again, and see its logs"
        ) from error


class Run:
    """One run: starts the containers, gates, loads, lets faults happen, and reads back."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        observer: Observer,
        *,
        stays: str,
        listener: Listener | None,
    ) -> None:
        self._plan = plan
        self._lab = plan.lab
        self._stack = stack
        self._stays = stays
        self._observer = observer
        self._listener = listener
        self._scraped = {*plan.lab.placed(plan.variant), TOXIPROXY}
        self._load = LoadLog(
            hear=listener.request if listener else None,
            hear_steered=listener.steered if listener else None,
        )
        self._scrapes = ScrapeLog()
        self._lines: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()
        self._meddling: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()
        """What others do to the containers, by name."""
        self._changed = asyncio.Condition()
        self._agents: dict[str, Agent] = {}
        self._system: WatchedContainers | None = None
        self._notes: list[str] = []

    @property
    def _lasts_s(self) -> float:
        """How long the load is sent: the lab's time, or less where somebody has ended it."""
        return min(self._lab.duration_s, self._load.cut_s)

    async def record(self, conduct: Conductor) -> Recording:
        """Run it and give the recording."""
        patience_s = self._lab.load.longest_timeout_s()
        limit_s = GATE_LIMIT_S + self._lab.duration_s + patience_s + SLACK_S
        recording = Recording(
            lab=self._plan.slug,
            variant=self._plan.variant.name,
            seed=self._plan.seed,
            engine=ENGINE,
            duration_s=self._lab.duration_s,
            surges=list(self._lab.surges()),
            notes=self._notes,
        )
        async with self._attached(), _within(limit_s), asyncio.TaskGroup() as group:
            self._observer.step("starting containers")
            await asyncio.to_thread(self._stack.create)
            for name in (TOXIPROXY, PROMETHEUS):
                agent = partial(Agent, self._stack.containers[name])
                self._agents[name] = await asyncio.to_thread(agent)
            await asyncio.to_thread(self._stack.watch, _hearer(self._meddling))
            hear, spans = _hearer(self._lines), self._listener is not None
            await asyncio.to_thread(self._stack.start_all, hear, spans=spans)
            listening = [group.create_task(one) for one in (self._listen(), self._look_out())]
            async with self._blaming():
                self._observer.step("waiting until every service is up")
                await self._gate()
                system = await self._begin()
                recording.faults = await self._drive(system, conduct)
                recording.duration_s = self._lasts_s
                self._observer.step("reading back")
                recording.series = await self._series(system)
            for task in listening:
                task.cancel()
            await asyncio.to_thread(self._stack.stop_all, self._stays)
            self._stack.check_logs()
        self._load.check()
        check_jump(self._load.jumped_s)
        recording.requests = self._load.requests.all()
        recording.spans = logs.spans(
            self._stack.logs,
            seed=self._plan.seed,
            drawn=self._load.drawn,
            by_hand=self._load.by_hand,
            t0_s=self._load.t0_s,
            end_s=max(self._load.end_s, self._lasts_s),
        )
        return recording

    @asynccontextmanager
    async def _attached(self) -> AsyncIterator[None]:
        """Let go in the end of what was attached to, however the block ends."""
        try:
            yield
        finally:
            for agent in self._agents.values():
                agent.close()

    async def _gate(self) -> None:
        """Wait until every service has been scraped and the load has reached its target."""
        wanted = self._scraped
        try:
            async with asyncio.timeout(GATE_LIMIT_S):
                await self._until(lambda: self._scrapes.up >= wanted and self._load.ready)
        except TimeoutError:
            name = min(wanted - self._scrapes.up, default=LOAD)
            told = logs.tail(self._stack.log(name))
            raise LabError(f"{name} was not up after {GATE_LIMIT_S:g} s: {told}") from None

    async def _series(self, system: WatchedContainers) -> dict[SeriesKey, list[float]]:
        """Read Prometheus back as soon as it has the last second's samples.

        Those of a host that does not answer come late, or never: they are waited for only so long.
        """
        try:
            async with asyncio.timeout(GATE_LIMIT_S):
                await self._until(lambda: self._scrapes.taken_over)
        except TimeoutError:
            told = logs.tail(self._stack.log(PROMETHEUS))
            raise EnvironmentNotReadyError(f"Prometheus scraped nothing: {told}") from None
        await system.until(self._scrapes.at_s - self._load.t0_s + HANDOVER_S)
        prometheus = Prometheus(self._agents[PROMETHEUS].ask)
        await system.until(self._lasts_s)
        last_s = self._load.t0_s + self._lasts_s
        latest_s = self._lasts_s + HALF_STEP_S + SCRAPE_S
        while (  # noqa: ASYNC110 - Prometheus does not tell of itself
            await prometheus.scraped(last_s) < len(self._scraped) and system.now() < latest_s
        ):
            await asyncio.sleep(LOOK_S)
        return await prometheus.series(self._load.t0_s, self._lasts_s)

    async def _begin(self) -> WatchedContainers:
        """Give the load its signal, and wait until it has told when second 0 is."""
        proxies = await asyncio.to_thread(self._clean_proxies)
        clocks = await self._compare_clocks()
        await asyncio.to_thread(self._stack.containers[LOAD].kill, "SIGUSR1")
        await self._until(lambda: not math.isnan(self._load.t0_s))
        self._observer.step("loading")
        start_s = clocks.here_s(self._load.t0_s)
        self._system = system = WatchedContainers(self._stack, proxies, self._lab, start_s)
        system.prometheus = Prometheus(self._agents[PROMETHEUS].ask)
        system.load, system.scrapes = self._load, self._scrapes
        return system

    async def _compare_clocks(self) -> Clocks:
        """Ask the load for its time until it is certain how far its clock is from this one."""
        clocks = Clocks()
        for _ in range(QUESTIONS):
            self._load.clock = None
            asked_s = time.time()
            await asyncio.to_thread(self._stack.containers[LOAD].kill, "SIGUSR2")
            await self._until(lambda: self._load.clock is not None)
            told_s, boot = self._load.clock or (math.nan, "")
            clocks.hear(asked_s=asked_s, told_s=told_s, heard_s=time.time(), boot=boot)
            if clocks.known:
                break
        clocks.check()
        return clocks

    async def _drive(self, system: WatchedContainers, conduct: Conductor) -> list[FaultRecord]:
        """Let the faults happen beside the load, until the load has seen every request end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            faults = await conduct(system)
            await self._until(lambda: not math.isnan(self._load.end_s))
        return faults

    def _clean_proxies(self) -> Toxiproxy:
        proxies = Toxiproxy(ByAgent(self._agents[TOXIPROXY]))
        proxies.reset()
        for link in self._lab.links():
            proxies.proxy(link.name)
        return proxies

    async def _until(self, reached: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(reached)

    async def _listen(self) -> None:
        """Read the load's lines as they come, and look into every log that ends."""
        while True:
            name, line = await self._lines.get()
            if line is None:
                await self._look_into(name)
            elif name in (LOAD, PROMETHEUS):
                async with self._changed:
                    (self._load if name == LOAD else self._scrapes).take(line)
                    self._changed.notify_all()
            elif line.startswith(logs.SPAN):
                self._tell_span(line)
            else:
                if crash := CRASHED.fullmatch(line):
                    await self._look_into(name, int(crash["code"]))
                if self._system:
                    await self._system.heard(name, line)

    async def _look_out(self) -> None:
        """End the run when others do something to its containers."""
        name, done = await self._meddling.get()
        raise EnvironmentNotReadyError(
            f"{name} {done} by somebody else while the run went on, which proves nothing: run again"
        )

    async def _look_into(self, name: str, code: int | None = None) -> None:
        """Note that a process crashed; a container that is over ends the run, whoever ended it."""
        self._stack.check_logs()
        if name == LOAD and not math.isnan(self._load.end_s):
            return
        told = f"{name} {await asyncio.to_thread(self._stack.how_it_ended, name, code)}"
        over = code is None and name in await asyncio.to_thread(self._stack.over)
        if over or name in OWN_SERVICES:
            raise EnvironmentNotReadyError(f"{told}; no run can go on without it: run again")
        if self._system is None:
            raise LabError(told)
        self._notes.append(f"{self._system.now():.3f} s {told}")
        if self._listener:
            self._listener.note(self._notes[-1])

    def _tell_span(self, line: str) -> None:
        span = logs.span_of(line)
        if self._listener and span and logs.is_of(span.trace, self._plan.seed, math.inf, math.inf):
            self._listener.span(logs.shifted(span, self._load.t0_s))

    @asynccontextmanager
    async def _blaming(self) -> AsyncIterator[None]:
        """Put an error down to a container that is over, if any: its log may say so only later."""
        try:
            yield
        except (ChaoslabError, APIError, ExceptionGroup):
            for name in await asyncio.to_thread(self._stack.over):
                await self._look_into(name)
            raise

    async def _watch(self) -> None:
        """Show each second when its answers have been heard: time alone would show an outage."""
        for second in range(math.ceil(self._lab.duration_s)):
            await self._until(partial(self._load.over, second))
            if second >= self._lasts_s:
                return
            self._observer.second(second, self._load.good[second])
