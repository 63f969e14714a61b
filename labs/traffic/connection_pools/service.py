"""Database: cores that are shared among all queries that run, and lost to their number.

Each query needs some time of one core. While no more run than there are cores, each has one to
itself; beyond that the cores are shared evenly (processor sharing), and each query too many slows
all of them by a share, by switching among them and by what they take from each other's caches and
locks. Nothing limits how many run: that is what its callers' pools are for. Source: Denning,
"Thrashing: Its Causes and Prevention" (1968). In production: PostgreSQL and MySQL, whose
`max_connections` is far above what their cores carry.
"""

import asyncio
import heapq
from dataclasses import dataclass
from itertools import count

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live

SPREAD = (0.5, 1.5)
"""The least and the most that a query needs, in means. Equal ones that begin together would also
end together, for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many cores there are, what a query needs of one, and what one query too many costs.

    `service_ms` is the mean; queries need from half of it to half as much again, evenly spread.
    `overhead` is the share by which each query beyond the number of cores slows all of them.
    """

    cores: int = 8
    service_ms: float = live(160)
    overhead: float = live(0.05)

    def __post_init__(self) -> None:
        at_least(1, cores=self.cores)
        at_least(0, service_ms=self.service_ms, overhead=self.overhead)


class Cores:
    """Queries that run, by how much work each of them will have had when it ends.

    All of them get on equally fast, so one clock of work serves for all; it is read whenever a
    query begins or ends, and by it lateness of timers does not add up.
    """

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._loop = asyncio.get_running_loop()
        self._worked_s, self._read_s = 0.0, self._loop.time()
        self._running: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._running)

    async def run(self, work_s: float) -> None:
        """Run a query that needs so much of one core, until it is done."""
        self._read()
        query = (self._worked_s + work_s, next(self._numbers), self._loop.create_future())
        heapq.heappush(self._running, query)
        self._set_timer()
        try:
            await query[-1]
        except asyncio.CancelledError:
            self._read()
            self._running = [one for one in self._running if one is not query]
            heapq.heapify(self._running)
            self._set_timer()
            raise

    def _speed(self) -> float:
        """Give how much work each query gets done in a second, in seconds."""
        settings, running = self._ctx.settings, len(self._running)
        too_many = max(0, running - settings.cores)
        return min(1.0, settings.cores / max(1, running)) / (1 + settings.overhead * too_many)

    def _read(self) -> None:
        now_s = self._loop.time()
        self._worked_s += (now_s - self._read_s) * self._speed()
        self._read_s = now_s

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if self._running:
            left_s = max(0.0, self._running[0][0] - self._worked_s)
            self._timer = self._loop.call_at(self._read_s + left_s / self._speed(), self._end)

    def _end(self) -> None:
        """End the query that is done first; the next one may end at the same moment."""
        self._read()
        _, _, done = heapq.heappop(self._running)
        if not done.done():
            done.set_result(None)
        self._set_timer()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when the query is done, however many others run."""
    cores = Cores(ctx)
    queries = Counter("queries", "Queries that were done", registry=ctx.metrics)
    Gauge("queries_running", "Queries that run", registry=ctx.metrics).set_function(
        lambda: len(cores)
    )

    async def handle(_: web.Request) -> web.Response:
        await cores.run(ctx.rng.uniform(*SPREAD) * ctx.settings.service_ms / 1000)
        queries.inc()
        return web.Response(text="rows\n")

    application = web.Application()
    application.router.add_get("/", handle)
    return application
