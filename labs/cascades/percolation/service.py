"""Mesh: a company's services and the links between them, and how far one failure goes.

Each request is a drill of its own. The mesh is drawn anew, one service fails, and the failure goes
along every link to the next service and on from there: a caller that waits for its callee is lost
with it, and a callee that its callers ask again and again is lost with them. An isolated service
does not pass failures on, nor take any: behind its links stands a bulkhead, a fallback or a queue.
Then somebody asks for a service at random. Sources: Erdos and Renyi (1960) for links at random;
Barabasi and Albert, "Emergence of Scaling in Random Networks" (Science 286, 1999) for hubs.
"""

import heapq
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least, at_most, live

DOWN = web.HTTPServiceUnavailable.status_code
Mesh = Sequence[list[int]]
"""The services that each service is linked with."""


class Shape(StrEnum):
    """How links lie: between any two services, or mostly with those that have many already."""

    EVEN = "even"
    HUBS = "hubs"

    def drawn(self, rng: random.Random, services: int, links: int) -> Mesh:
        """Draw a mesh; with hubs, each service brings equally many links, and one at least."""
        if self is Shape.EVEN:
            ends = rng.choices(range(services), k=2 * links)
            return _linked(services, zip(ends[::2], ends[1::2], strict=True))
        return _linked(services, _preferred(rng, services, max(1, links // services)))


class Chosen(StrEnum):
    """Which services are isolated: any, or those with most links."""

    ANY = "any"
    MOST_LINKED = "most-linked"

    def among(self, rng: random.Random, mesh: Mesh, number: int) -> set[int]:
        """Choose so many services."""
        every = range(len(mesh))
        if self is Chosen.ANY:
            return set(rng.sample(every, number))
        return set(heapq.nlargest(number, every, key=lambda one: len(mesh[one])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many services and links there are, how these lie, and how many services are isolated."""

    services: int = 500
    links: int = live(500)
    shape: Shape = live(Shape.EVEN)
    isolated: int = live(0)
    chosen: Chosen = live(Chosen.ANY)

    def __post_init__(self) -> None:
        at_least(2, services=self.services)
        at_least(0, links=self.links, isolated=self.isolated)
        at_most(self.services, isolated=self.isolated)


def reached(mesh: Mesh, isolated: Collection[int], first: int) -> set[int]:
    """Let one service fail, and give all that fail with it."""
    failed, passes = {first}, [first]
    if first in isolated:
        return failed
    while passes:
        for other in mesh[passes.pop()]:
            if other not in failed and other not in isolated:
                failed.add(other)
                passes.append(other)
    return failed


def _linked(services: int, pairs: Iterable[tuple[int, int]]) -> Mesh:
    mesh: list[list[int]] = [[] for _ in range(services)]
    for one, other in pairs:
        mesh[one].append(other)
        mesh[other].append(one)
    return mesh


def _preferred(rng: random.Random, services: int, each: int) -> Iterator[tuple[int, int]]:
    """Link each service with older ones, drawn in proportion to the links that these have."""
    ends = list(range(each))
    for new in range(each, services):
        olds: set[int] = set()
        while len(olds) < each:
            olds.add(rng.choice(ends))
        for old in sorted(olds):
            ends += (new, old)
            yield new, old


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: one drill, and how many failed in it; 503 if the one asked for did."""

    async def drill(_: web.Request) -> web.Response:
        settings, rng = ctx.settings, ctx.rng
        mesh = settings.shape.drawn(rng, settings.services, settings.links)
        isolated = settings.chosen.among(rng, mesh, settings.isolated)
        failed = reached(mesh, isolated, rng.randrange(settings.services))
        is_down = rng.randrange(settings.services) in failed
        text = f"{len(failed)} of {settings.services} failed\n"
        return web.Response(status=DOWN if is_down else 200, text=text)

    application = web.Application()
    application.router.add_get("/", drill)
    return application
