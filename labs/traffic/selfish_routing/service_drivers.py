"""Drivers: each keeps to a way until it looks at a map again, and then takes the quickest.

The map shows what the last cars on each road have seen, as a navigator on a phone does. With a
toll, a driver counts it as time. In production: clients that choose the quickest replica or region.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import SettingError, at_least, live

Way = tuple[str, ...]
STUCK = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """The ways there are, as `a+b, c+d`, of roads that are driven one after the other.

    A `closed` road is on no way. A share of `look_ratio` of all trips begins with a look at the
    map, to which each car adds a share of `newest` of what it saw. A toll of `toll_ms` is taken on
    the road `toll_on`; with `load_tolls` each road takes by how much a car slows down all others.
    """

    ways: str
    closed: str = live("")
    look_ratio: float = live(0.3)
    newest: float = live(0.3)
    toll_on: str = live("")
    toll_ms: float = live(0)
    load_tolls: bool = live(default=False)
    timeout_ms: float = live(3000)

    def __post_init__(self) -> None:
        at_least(0, look_ratio=self.look_ratio, newest=self.newest, toll_ms=self.toll_ms)
        at_least(1, timeout_ms=self.timeout_ms)

    def roads(self) -> list[Way]:
        """Give the roads of each way."""
        return [tuple(road.strip() for road in way.split("+")) for way in self.ways.split(",")]

    def open(self) -> list[Way]:
        """Give the ways that are on no closed road."""
        return [way for way in self.roads() if self.closed not in way]


class Map:
    """What the last cars have seen of each road: a road that nobody knows takes no time."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._time_ms: dict[str, float] = {}
        self._slowed_ms: dict[str, float] = {}

    def add(self, road: str, time_ms: float, slowed_ms: float) -> None:
        """Note what a car has seen."""
        for seen, value in ((self._time_ms, time_ms), (self._slowed_ms, slowed_ms)):
            old = seen.get(road, value)
            seen[road] = old + self._ctx.settings.newest * (value - old)

    def toll_ms(self, road: str) -> float:
        """Give the toll of a road."""
        settings = self._ctx.settings
        fixed = settings.toll_ms if road == settings.toll_on else 0
        return fixed + (self._slowed_ms.get(road, 0) if settings.load_tolls else 0)

    def quickest(self, ways: Sequence[Way]) -> Way:
        """Choose the way of least time and toll together."""
        return min(
            ways,
            key=lambda way: sum(self._time_ms.get(road, 0) + self.toll_ms(road) for road in way),
        )


class Drivers:
    """Each driver's way, and the map that they share."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._map = Map(ctx)
        self._kept: dict[str, Way] = {}
        for way in ctx.settings.roads():
            for road in way:
                if road not in ctx.callees:
                    raise SettingError(f"{road} is not in calls=; name it there")

    def way(self, driver: str) -> Way:
        """Give a driver's way of this trip."""
        ways, kept = self._ctx.settings.open(), self._kept.get(driver)
        if kept not in ways or self._ctx.rng.random() < self._ctx.settings.look_ratio:
            kept = self._kept[driver] = self._map.quickest(ways)
        return kept

    async def trip(self, driver: str) -> bool:
        """Drive all roads of a way, one after the other."""
        for road in self.way(driver):
            start_s = self._ctx.now()
            try:
                answer = await self._outgoing.request(
                    "GET", road, timeout_ms=self._ctx.settings.timeout_ms
                )
            except NO_ANSWER:
                return False
            if not answer.ok:
                return False
            self._map.add(road, 1000 * (self._ctx.now() - start_s), json.loads(answer.body))
        return True


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /trips/<driver>`: 200 on arrival, 502 where a road gave no answer."""
    drivers = Drivers(ctx)

    async def trip(request: web.Request) -> web.Response:
        has_arrived = await drivers.trip(request.match_info["driver"])
        return web.Response(text="arrived\n") if has_arrived else web.Response(status=STUCK)

    application = web.Application()
    application.router.add_get("/trips/{driver}", trip)
    return application
