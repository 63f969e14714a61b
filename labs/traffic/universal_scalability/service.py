"""Stock: workers that take orders, and book them one at a time into a list.

Work on an order is done side by side. It is booked under a lock, and each worker has a copy of the
list: the one that books tells each other worker of its group before it gives the lock back, so that
all copies stay alike. The workers of a group go to work in rounds: all take an order at the same
moment, and nobody takes the next before the last one has booked. So all of them want the lock at
the same time, which is the case that the Universal Scalability Law describes (Gunther, "Guerrilla
Capacity Planning", 2007). In production: stages of Spark or MPI that end at a barrier, and the
ticks of a game server.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import SettingError, at_least, in_background, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many workers there are, how many of them share a list, and what an order costs.

    Groups of `group` workers each have a lock and copies of their own; 0 is one group of all. An
    order takes `work_ms` side by side with others, and `book_ms` under the group's lock. To tell
    one other worker takes `tell_ms`: after each booking, or with `batched` once in a round, of all
    its bookings. Without `rounds` each worker takes its next order when it has booked the last.
    An order that finds `queue_limit` others waiting is answered 503.
    """

    workers: int = 10
    group: int = 0
    work_ms: float = live(190)
    book_ms: float = live(10)
    tell_ms: float = live(2)
    batched: bool = live(default=False)
    rounds: bool = True
    queue_limit: int = 40

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers, queue_limit=self.queue_limit)
        at_least(0, group=self.group)
        at_least(0, work_ms=self.work_ms, book_ms=self.book_ms, tell_ms=self.tell_ms)
        if not self.work_ms and not self.book_ms:
            raise SettingError("work_ms and book_ms are 0: give an order something to cost")

    def sizes(self) -> list[int]:
        """Give how many workers each group has; the last one gets what is left."""
        size = self.group or self.workers
        return [min(size, self.workers - first) for first in range(0, self.workers, size)]


@dataclass(frozen=True, slots=True)
class Order:
    """An order that waits: since when, and what will say when it has been booked."""

    came_s: float
    booked_s: asyncio.Future[float]


class Lock:
    """A lock by the clock: who wants it gets it when the one before gives it back."""

    def __init__(self) -> None:
        self._free_s = 0.0

    def hold(self, from_s: float, ms: float) -> float:
        """Hold it for some milliseconds, from a time on or later: when it is given back."""
        self._free_s = max(self._free_s, from_s) + ms / 1000
        return self._free_s


class Stock:
    """The groups of workers, and what they have done."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self.line = asyncio.Queue[Order](ctx.settings.queue_limit)
        registry = ctx.metrics
        self._booked = Counter("booked", "Orders that were booked", registry=registry)
        self._took = Counter("took_seconds", "Time it took all workers", registry=registry)

    async def serve(self) -> None:
        """Let all groups work, for as long as the process lives."""
        settings = self._ctx.settings
        async with asyncio.TaskGroup() as tasks:
            for size in settings.sizes():
                lock = Lock()
                for _ in range(1 if settings.rounds else size):
                    tasks.create_task(self._take_turns(lock, size))

    async def _take_turns(self, lock: Lock, size: int) -> None:
        """Serve one round after the other: of the whole group, or of one of its workers."""
        loop_time = asyncio.get_running_loop().time
        settings = self._ctx.settings
        at_once = size if settings.rounds else 1
        ended_s = counted_s = loop_time()
        while True:
            orders = await self._taken(at_once)
            # By the clock and not by when this is run, so that lateness does not add up.
            ended_s = self._round(lock, orders, size - 1, max(ended_s, orders[-1].came_s))
            await asyncio.sleep(ended_s - loop_time())
            now_s = loop_time()
            self._booked.inc(len(orders))
            self._took.inc((now_s - counted_s) * at_once / settings.workers)
            counted_s = now_s

    async def _taken(self, most: int) -> list[Order]:
        """Take up to so many orders, as soon as there is one that nobody has given up."""
        taken: list[Order] = []
        while not taken or (len(taken) < most and not self.line.empty()):
            order = await self.line.get()
            if not order.booked_s.done():
                taken.append(order)
        return taken

    def _round(self, lock: Lock, orders: list[Order], others: int, start_s: float) -> float:
        """Say of each order when it will be booked, and give the end of the round."""
        settings = self._ctx.settings
        ready_s = start_s + settings.work_ms / 1000
        told_ms = settings.tell_ms * others
        for order in orders:
            hold_ms = settings.book_ms + (0 if settings.batched else told_ms)
            order.booked_s.set_result(lock.hold(ready_s, hold_ms))
        return lock.hold(ready_s, told_ms if settings.batched else 0)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when the order has been booked, 503 when too many wait."""
    loop = asyncio.get_running_loop()
    stock = Stock(ctx)
    refused = Counter("rejected", "Orders that found the line full", registry=ctx.metrics)

    async def handle(_: web.Request) -> web.Response:
        if stock.line.full():
            refused.inc()
            return web.Response(status=503, text="full\n")
        order = Order(loop.time(), loop.create_future())
        stock.line.put_nowait(order)
        await asyncio.sleep(await order.booked_s - loop.time())
        return web.Response(text="booked\n")

    application = web.Application()
    application.router.add_get("/", handle)
    in_background(application, stock.serve)
    return application
