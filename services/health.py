"""Health: a balancer that sends nothing to callees that it holds for sick.

It asks each callee's `probe` every so often (active), and counts failures of the requests that it
sends (passive). A probe of `/healthz` is shallow: the process answers. One of `/` is deep: it waits
in the same queue as users do, so overload looks like sickness, and whoever ends a process for that
(`kills`, a liveness probe) takes away what is left of the capacity. A callee that comes back gets
its share slowly. `most` bounds the share that is out: when all seem sick, the cause is elsewhere.
Sources: Envoy's manual on outlier detection and panic thresholds; *Site Reliability Engineering*
(2016), chapter 20; Henderson, "Kubernetes Liveness and Readiness Probes: How to Avoid Shooting
Yourself in the Foot" (2019). In production: Envoy, HAProxy (`slowstart`), Kubernetes' probes.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer
from services.server import SettingError, at_least, at_most, in_background, live

BAD = web.HTTPBadGateway.status_code
FAILED = Answer(b"no answer\n", BAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How callees are probed, what takes one out, and how it comes back.

    A callee is out after `down_after` bad probes in a row, and back after `up_after` good ones. So
    it is for `eject_ms` after `eject_after` failed requests in a row (0: never). A share of at most
    `most` is out at a time; whoever comes back has its whole share of requests after
    `slow_start_ms`. With `kills`, a callee whose probes fail is asked to end its process. Who is in
    gets requests at random or, without a slow start, `in_turn`.
    """

    probe: str = live("/healthz")
    every_ms: float = live(500)
    probe_timeout_ms: float = live(200)
    down_after: int = live(3)
    up_after: int = live(2)
    kills: bool = live(default=False)
    eject_after: int = live(0)
    eject_ms: float = live(3000)
    most: float = live(0.5)
    slow_start_ms: float = live(0)
    in_turn: bool = live(default=False)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(1, every_ms=self.every_ms, probe_timeout_ms=self.probe_timeout_ms)
        at_least(1, down_after=self.down_after, up_after=self.up_after, timeout_ms=self.timeout_ms)
        at_least(0, eject_after=self.eject_after, eject_ms=self.eject_ms, most=self.most)
        at_least(0, slow_start_ms=self.slow_start_ms)
        at_most(1, most=self.most)
        if self.probe and not self.probe.startswith("/"):
            raise SettingError(f"probe is {self.probe!r}; write a path, or nothing for no probes")


@dataclass(slots=True)
class State:
    """What is known of a callee; times are when it is out until, and when it came back."""

    bad_probes: int = 0
    good_probes: int = 0
    failures: int = 0
    down: bool = False
    ejected_until_s: float = field(default=float("-inf"))
    back_s: float = field(default=float("-inf"))


class Health:
    """The callees, and which of them get requests."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("it has nobody to send requests to; name the services in calls=")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._states = {callee: State() for callee in ctx.callees}
        self._turns = deque(ctx.callees)  # whose turn is next, all along
        registry = ctx.metrics
        self._out = Counter("taken_out", "By why", ("callee", "why"), registry=registry)
        for callee in ctx.callees:
            for why in ("probe", "failures"):
                self._out.labels(callee, why)  # So that each begins at 0.
        self._killed = Counter("killed", "Processes asked to end", registry=registry)
        registry.register(self)  # a collector by its form

    async def handle(self, _: web.Request) -> web.Response:
        """Answer by a callee that is held for well."""
        callee = self.pick()
        answer = await self._ask("GET", callee, "/", self._ctx.settings.timeout_ms)
        self._passive(callee, answer)
        return web.Response(status=answer.status, body=answer.body)

    def pick(self) -> str:
        """Choose a callee of those that are in, and seldom one that has just come back."""
        there = [callee for callee in self._turns if self._is_in(callee)] or list(self._turns)
        if self._ctx.settings.in_turn:
            self._turns.remove(there[0])
            self._turns.append(there[0])
            return there[0]
        slow_s = self._ctx.settings.slow_start_ms / 1000
        if not slow_s:
            return self._ctx.rng.choice(there)
        since_s = [self._ctx.now() - self._states[callee].back_s for callee in there]
        # A little at once, else the first moment after a long absence would draw nobody.
        weights = [min(1, max(0.02, passed_s / slow_s)) for passed_s in since_s]
        return self._ctx.rng.choices(there, weights)[0]

    async def probe(self, callee: str) -> None:
        """Probe a callee for ever, at moments of its own."""
        await asyncio.sleep(self._ctx.rng.random() * self._ctx.settings.every_ms / 1000)
        while True:
            settings = self._ctx.settings
            if settings.probe:
                answer = await self._ask("GET", callee, settings.probe, settings.probe_timeout_ms)
                await self._active(callee, good=answer.ok)
            await asyncio.sleep(settings.every_ms / 1000)

    def _is_in(self, callee: str) -> bool:
        state = self._states[callee]
        return not state.down and state.ejected_until_s <= self._ctx.now()

    def _may_take_out(self) -> bool:
        out = sum(not self._is_in(callee) for callee in self._states)
        return out + 1 <= self._ctx.settings.most * len(self._states)

    async def _active(self, callee: str, *, good: bool) -> None:
        state, settings = self._states[callee], self._ctx.settings
        state.good_probes = state.good_probes + 1 if good else 0
        state.bad_probes = 0 if good else state.bad_probes + 1
        if state.down and state.good_probes >= settings.up_after:
            state.down = False
            state.back_s = self._ctx.now()
        if state.bad_probes < settings.down_after:
            return
        if settings.kills:
            state.bad_probes = 0  # It has so long to come back.
            self._killed.inc()
            await self._ask("POST", callee, "/exit", settings.probe_timeout_ms)
        elif not state.down and self._may_take_out():
            state.down = True
            self._out.labels(callee, "probe").inc()

    def _passive(self, callee: str, answer: Answer) -> None:
        state, settings = self._states[callee], self._ctx.settings
        state.failures = state.failures + 1 if answer.failed else 0
        if not 0 < settings.eject_after <= state.failures:
            return
        if self._is_in(callee) and self._may_take_out():
            state.failures = 0
            state.ejected_until_s = state.back_s = self._ctx.now() + settings.eject_ms / 1000
            self._out.labels(callee, "failures").inc()

    async def _ask(self, method: str, callee: str, path: str, timeout_ms: float) -> Answer:
        try:
            return await self._outgoing.request(method, callee, path, timeout_ms=timeout_ms)
        except NO_ANSWER:
            return FAILED

    def collect(self) -> list[GaugeMetricFamily]:
        """Tell which callees are in."""
        healthy = GaugeMetricFamily("healthy", "1 while it gets requests", labels=["callee"])
        for callee in self._states:
            healthy.add_metric([callee], self._is_in(callee))
        return [healthy]


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` by a callee that is held for well; 502 without an answer."""
    health = Health(ctx)
    application = web.Application()
    application.router.add_get("/", health.handle)

    async def probe_all() -> None:
        async with asyncio.TaskGroup() as group:
            for callee in ctx.callees:
                group.create_task(health.probe(callee))

    in_background(application, probe_all)
    return application
