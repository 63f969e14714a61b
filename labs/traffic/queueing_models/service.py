"""Office: some desks, behind one line for all of them or behind several lines.

A line is served in the order in which people came, by as many desks as any other. People stay in
the line that they have joined, even while the desk of another is free. Their waits are added up.
"""

import asyncio
import heapq
from dataclasses import dataclass
from itertools import count

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live
from services.worker import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many desks and lines there are, which line is joined, and how long the work takes.

    A newcomer joins a line at random, or with `in_turn` the one after that of the last newcomer.
    `service_ms` is the mean where `spread` draws the times; changed, it is that of all who come
    from then on.
    """

    desks: int = 4
    lines: int = 4
    in_turn: bool = False
    service_ms: float = live(50)
    spread: Spread = Spread.EXPONENTIAL

    def __post_init__(self) -> None:
        at_least(1, desks=self.desks, lines=self.lines)
        at_least(0, service_ms=self.service_ms)
        if self.desks % self.lines:
            raise ValueError(
                f"desks is {self.desks}, lines is {self.lines}; give each line as many desks"
            )


class Lines:
    """When each desk of each line is free: known beforehand, as each piece of work is drawn."""

    def __init__(self, ctx: Context[Settings]) -> None:
        settings = ctx.settings
        self._ctx = ctx
        self._lines = [[0.0] * (settings.desks // settings.lines) for _ in range(settings.lines)]
        self._turns = count()

    def join(self, now_s: float) -> tuple[float, float]:
        """Stand in a line: the wait, and the time at which the work will be done, in seconds."""
        settings, rng = self._ctx.settings, self._ctx.rng
        # Drawn in any case, so that the same people bring the same work, whatever the lines.
        drawn, work_s = rng.random(), settings.spread.draw_s(rng, settings.service_ms / 1000)
        desks = self._picked(drawn)
        start_s = max(now_s, desks[0])
        heapq.heapreplace(desks, start_s + work_s)
        return start_s - now_s, start_s + work_s

    def _picked(self, drawn: float) -> list[float]:
        place = next(self._turns) if self._ctx.settings.in_turn else int(drawn * len(self._lines))
        return self._lines[place % len(self._lines)]


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200, when it has been somebody's turn and the work is done."""
    loop_time = asyncio.get_running_loop().time
    lines = Lines(ctx)
    waited = Counter("waited_seconds", "How long people stood in line", registry=ctx.metrics)
    came = Counter("came", "How many people came", registry=ctx.metrics)
    stood = Counter("stood", "How many of them found no free desk", registry=ctx.metrics)

    async def handle(_: web.Request) -> web.Response:
        wait_s, end_s = lines.join(loop_time())
        came.inc()
        stood.inc(wait_s > 0)
        waited.inc(wait_s)
        await asyncio.sleep(end_s - loop_time())
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_get("/", handle)
    return application
