"""Fleet under a controller: machines behind one queue, and orders that take effect late.

The controller looks every `look_ms` at the rate of arrivals, and orders a share of the machines
that are missing, or sends away a share of those that are too many. An order takes effect `lag_ms`
later: a machine boots, or ends what its connections want of it. Sources: Hellerstein, Diao, Parekh,
Tilbury, "Feedback Control of Computing Systems" (2004); on counting what is under way, Smith,
"Closer Control of Loops with Dead Time" (1957). In production: the Horizontal Pod Autoscaler of
Kubernetes, step scaling of AWS. `services.fleet` has an autoscaler that does not swing.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from statistics import fmean

from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.guarding import Serving
from services.server import SettingError, at_least, in_background, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many machines there are at first, what each does, and how the controller decides.

    It wants as many as would be `target` busy, from `least` to `most`. It orders `gain` times what
    is missing, on average over its last `averaged` looks, in whole machines, and nothing if that is
    within a `tolerance` of what is there. With `counts_ordered`, what is ordered counts as there.
    """

    machines: int = 20
    least: int = live(4)
    most: int = live(40)
    service_ms: float = live(400)
    target: float = live(0.6)
    look_ms: float = live(500)
    lag_ms: float = live(1250)
    gain: float = live(1)
    averaged: int = live(1)
    tolerance: float = live(0.2)
    counts_ordered: bool = live(default=False)

    def __post_init__(self) -> None:
        at_least(1, least=self.least, look_ms=self.look_ms, averaged=self.averaged)
        at_least(0, service_ms=self.service_ms, lag_ms=self.lag_ms)
        at_least(0, gain=self.gain, tolerance=self.tolerance)
        if not self.least <= self.machines <= self.most:
            raise SettingError(
                f"machines is {self.machines}; it must lie from least, {self.least}, to most, "
                f"{self.most}"
            )
        if not 0 < self.target <= 1:
            raise SettingError(f"target is {self.target:g}; it must be above 0, and at most 1")


class Pool:
    """Machines that serve one request each, and the queue before them."""

    def __init__(self, machines: int) -> None:
        self.machines = machines
        self.arrivals = 0
        self.asked = asyncio.Event()
        """Set by the first request: before it, there is no load to look at."""
        self._busy = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    def waiting(self) -> int:
        """Count the requests in the queue."""
        return sum(not turn.done() for turn in self._queue)

    async def serve(self, service_s: float) -> None:
        """Wait for a free machine, and be served."""
        self.arrivals += 1
        self.asked.set()
        if self._busy < self.machines:
            self._busy += 1
        else:
            await self._turn()
        try:
            await asyncio.sleep(service_s)
        finally:
            self._give_back()

    def change(self, machines: int) -> None:
        """Have so many more machines, or fewer; one that is busy ends its request first."""
        self.machines += machines
        self._admit()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back()
            raise

    def _give_back(self) -> None:
        self._busy -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._busy < self.machines:
            turn = self._queue.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)


class Controller:
    """Orders machines for a pool; an order is a time and a number of machines."""

    def __init__(self, ctx: Context[Settings], pool: Pool) -> None:
        self._ctx = ctx
        self._pool = pool
        self._orders: list[tuple[float, int]] = []
        self._looked_s = ctx.now()
        self._missing: deque[float] = deque()

    @property
    def ordered(self) -> int:
        """How many machines are on their way, less those that leave."""
        return sum(machines for _, machines in self._orders)

    async def run(self) -> None:
        """Look again and again from the first request on, and let orders take effect."""
        await self._pool.asked.wait()
        self._looked_s = self._ctx.now()
        while True:
            look_s = self._looked_s + self._ctx.settings.look_ms / 1000
            next_s = min([look_s, *(at_s for at_s, _ in self._orders)])
            await asyncio.sleep(max(0.0, next_s - self._ctx.now()))
            now_s = self._ctx.now()
            for order in [one for one in self._orders if one[0] <= now_s]:
                self._orders.remove(order)
                self._pool.change(order[1])
            if look_s <= now_s:
                self._look(now_s)

    def _look(self, now_s: float) -> None:
        settings = self._ctx.settings
        self._missing.append(self._needed(now_s - self._looked_s) - self._there())
        while len(self._missing) > settings.averaged:
            self._missing.popleft()
        self._looked_s, self._pool.arrivals = now_s, 0
        if machines := self._order(fmean(self._missing)):
            self._orders.append((now_s + settings.lag_ms / 1000, machines))

    def _order(self, missing: float) -> int:
        """Give how many machines to order; a negative number sends some away."""
        settings = self._ctx.settings
        if abs(missing) <= settings.tolerance * self._there():
            return 0
        total = self._pool.machines + self.ordered
        wanted = total + math.trunc(settings.gain * missing)
        return min(settings.most, max(settings.least, wanted)) - total

    def _needed(self, passed_s: float) -> float:
        settings = self._ctx.settings
        busy = self._pool.arrivals / passed_s * settings.service_ms / 1000
        return busy / settings.target

    def _there(self) -> int:
        counted = self.ordered if self._ctx.settings.counts_ordered else 0
        return self._pool.machines + counted


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when a machine has done it, however long that takes."""
    pool = Pool(ctx.settings.machines)
    controller = Controller(ctx, pool)
    for name, says, value in (
        ("machines", "Machines that cost, or will", lambda: pool.machines + controller.ordered),
        ("machines_ready", "Machines that serve", lambda: pool.machines),
        ("queue_depth", "Requests that wait", pool.waiting),
    ):
        Gauge(name, says, registry=ctx.metrics).set_function(value)

    async def handle(_: web.Request) -> web.Response:
        await pool.serve(ctx.settings.service_ms / 1000)
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_get("/", handle)
    in_background(application, controller.run)
    return application
