"""Fleet: machines that share one queue, of which new ones come late.

A machine that is asked for serves `boot_ms` later, and until then costs as much as one that serves.
An autoscaler looks every `look_ms` at how busy the machines are, and wants as many as would be
`target` busy; it counts those that boot, so that it does not ask twice, and takes away none within
`cooldown_ms` of its last change. Sources: the target tracking of AWS and the formula of the
Horizontal Pod Autoscaler of Kubernetes; Gandhi and others, "AutoScale" (TOCS 2012), on set-up
times. In production: those two.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.server import SettingError, at_least, in_background, live

TICK_S = 0.05
"""How often live settings are looked at, and machines get ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many machines there are at first, how many requests each serves at once, for how long.

    Without `autoscale` there are always `least`, as somebody sets it by hand. `queue_limit` is how
    many may wait, -1 for any number.
    """

    least: int = live(2)
    most: int = live(10)
    workers: int = 4
    service_ms: float = live(40)
    boot_ms: float = live(3000)
    autoscale: bool = live(default=True)
    target: float = live(0.6)
    look_ms: float = live(1000)
    cooldown_ms: float = live(5000)
    queue_limit: int = live(-1)

    def __post_init__(self) -> None:
        at_least(1, least=self.least, workers=self.workers, look_ms=self.look_ms)
        at_least(0, service_ms=self.service_ms, boot_ms=self.boot_ms)
        at_least(0, cooldown_ms=self.cooldown_ms)
        at_least(-1, queue_limit=self.queue_limit)
        if self.most < self.least:
            raise SettingError(f"most is {self.most}; it must be at least least, {self.least}")
        if not 0 < self.target <= 1:
            raise SettingError(f"target is {self.target:g}; it must be above 0, and at most 1")


class Fleet:
    """The machines, who waits for them, and who decides how many there are."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self.ready = ctx.settings.least
        self._boots_s: deque[float] = deque()
        self._busy = 0
        self._busy_s = 0.0
        self._since_s = ctx.now()
        self._line: deque[asyncio.Future[None]] = deque()
        registry = ctx.metrics
        self._machines = Gauge("machines", "Machines that cost, booting or not", registry=registry)
        self._serving = Gauge("machines_ready", "Machines that serve", registry=registry)
        self._waits = Gauge("queue_depth", "Requests that wait", registry=registry)
        self.rejected = Counter("rejected", "Requests that found the queue full", registry=registry)
        self._tell()

    @property
    def slots(self) -> int:
        """How many requests are served at once."""
        return self.ready * self._ctx.settings.workers

    async def serve(self) -> bool:
        """Wait for a slot and be served; False when too many wait."""
        settings = self._ctx.settings
        if self._busy >= self.slots:
            if 0 <= settings.queue_limit <= len(self._line):
                self.rejected.inc()
                return False
            await self._wait()
        else:
            self._take()
        try:
            await asyncio.sleep(settings.service_ms / 1000)
        finally:
            self._give()
        return True

    async def keep(self) -> None:
        """Let machines get ready at their times, and look after how many there are."""
        looked_s = changed_s = self._ctx.now()
        while True:
            await asyncio.sleep(TICK_S)
            settings, now_s = self._ctx.settings, self._ctx.now()
            while self._boots_s and self._boots_s[0] <= now_s:
                self._boots_s.popleft()
                self.ready += 1
            if not settings.autoscale:
                self._want(settings.least)
            elif now_s - looked_s >= settings.look_ms / 1000:
                wanted = self._tracked(now_s - looked_s)
                looked_s = now_s
                there = self.ready + len(self._boots_s)
                if wanted > there or now_s - changed_s >= settings.cooldown_ms / 1000:
                    changed_s = now_s if wanted != there else changed_s
                    self._want(wanted)
            self._admit()
            self._tell()

    def _tracked(self, passed_s: float) -> int:
        """Give how many machines would be `target` busy with what the ready ones do now."""
        settings = self._ctx.settings
        self._account()
        busy = self._busy_s / passed_s / settings.workers
        self._busy_s = 0.0
        wanted = math.ceil(round(busy / settings.target, 9))
        return min(settings.most, max(settings.least, wanted))

    def _want(self, wanted: int) -> None:
        there = self.ready + len(self._boots_s)
        for _ in range(wanted - there):
            self._boots_s.append(self._ctx.now() + self._ctx.settings.boot_ms / 1000)
        for _ in range(there - wanted):
            # The youngest goes first; one that serves ends what it is at.
            if self._boots_s:
                self._boots_s.pop()
            else:
                self.ready -= 1

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give()
            raise

    def _take(self) -> None:
        self._account()
        self._busy += 1

    def _give(self) -> None:
        self._account()
        self._busy -= 1
        self._admit()

    def _admit(self) -> None:
        while self._line and self._busy < self.slots:
            turn = self._line.popleft()
            if not turn.done():
                self._take()
                turn.set_result(None)

    def _account(self) -> None:
        now_s = self._ctx.now()
        self._busy_s += self._busy * (now_s - self._since_s)
        self._since_s = now_s

    def _tell(self) -> None:
        self._machines.set(self.ready + len(self._boots_s))
        self._serving.set(self.ready)
        self._waits.set(sum(not turn.done() for turn in self._line))


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when a machine has done it, 503 when too many wait."""
    fleet = Fleet(ctx)

    async def handle(_: web.Request) -> web.Response:
        if await fleet.serve():
            return web.Response(text="done\n")
        return web.Response(status=503, text="full\n")

    application = web.Application()
    application.router.add_get("/", handle)
    in_background(application, fleet.keep)
    return application
