"""Repairs: systems of parts that fail and are repaired by themselves, by mean times.

A system is some stages in series, each of some copies of which one is enough. A copy that is up
fails after `mtbf_ms` on average; it is repaired `mttr_ms` after a crew has begun, on average. Both
times are exponential, so a system is a Markov chain, and is played only as far as it is asked for.
A request needs all stages, one after the other, and waits at one that is down. Source: Palm's
machine repairman (1947), in any textbook of reliability. `services.flaky` has parts that are up or
down by chance at each request: for shares of time alone.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live

DOWN = web.HTTPServiceUnavailable.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How a system is made, how often its parts fail, and how soon they are up again.

    At most `crews` parts of a system are repaired at a time, first come, first served; 0 is no
    limit. A request waits `wait_ms` at most at each stage that is down.
    """

    stages: int = 5
    copies: int = 1
    crews: int = 0
    mtbf_ms: float = 1000
    mttr_ms: float = 200
    wait_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, stages=self.stages, copies=self.copies)
        at_least(0, crews=self.crews, wait_ms=self.wait_ms)
        at_least(1, mtbf_ms=self.mtbf_ms, mttr_ms=self.mttr_ms)


class System:
    """One system: what is down now, and what is known of the time to come."""

    def __init__(self, settings: Settings, rng: random.Random, now_s: float) -> None:
        self._settings = settings
        self._rng = rng
        self._up = [stage for stage in range(settings.stages) for _ in range(settings.copies)]
        self._down: list[int] = []
        """The stages of the copies that are down, in the order in which they have failed."""
        self._played_s = now_s
        self._known: deque[tuple[float, frozenset[int]]] = deque([(now_s, frozenset())])
        """From when on which stages are down: the present, and what was played beyond it."""

    def up_at(self, stage: int, now_s: float) -> float:
        """Give from when on a stage is up: now, or later."""
        while self._played_s <= now_s:
            self._play()
        while len(self._known) > 1 and self._known[1][0] <= now_s:
            self._known.popleft()
        place = 0
        while stage in self._known[place][1]:
            place += 1
            if place == len(self._known):
                self._play()
        return max(now_s, self._known[place][0])

    def _play(self) -> None:
        """Go on to the next failure or repair."""
        settings, down = self._settings, self._down
        repaired = min(len(down), settings.crews or len(down))
        fail = len(self._up) * settings.mttr_ms
        change = fail + repaired * settings.mtbf_ms
        mean_s = settings.mtbf_ms * settings.mttr_ms / change / 1000
        # To the nanosecond: C libraries differ in a logarithm's last bit.
        self._played_s += round(self._rng.expovariate(1) * mean_s, 9)
        if self._rng.random() * change < fail:
            down.append(self._up.pop(self._rng.randrange(len(self._up))))
        else:
            self._up.append(down.pop(self._rng.randrange(repaired)))
        dark = frozenset(one for one in down if down.count(one) == settings.copies)
        self._known.append((self._played_s, dark))


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /systems/<name>`: 200 when all stages of that system are up in time, else 503."""
    systems: dict[str, System] = {}
    seed, begun_s = ctx.rng.random(), ctx.now()
    lost = Counter("lost", "Requests that found a stage down for too long", registry=ctx.metrics)

    async def handle(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in systems:
            # By its name, so that what becomes of it does not depend on when it is asked for.
            systems[name] = System(ctx.settings, random.Random(f"{seed} {name}"), begun_s)
        for stage in range(ctx.settings.stages):
            now_s, wait_s = ctx.now(), ctx.settings.wait_ms / 1000
            left_s = systems[name].up_at(stage, now_s) - now_s
            if left_s > 0:
                await asyncio.sleep(min(left_s, wait_s))
            if left_s > wait_s:
                lost.inc()
                return web.Response(status=DOWN, text=f"stage {stage + 1} is down\n")
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_get("/systems/{name}", handle)
    return application
