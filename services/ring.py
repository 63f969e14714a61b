"""Ring: passes requests on to the node that their key belongs to, and moves keys between nodes.

`nodes` may be changed while it runs. Without `move_ms`, a key is asked for at its new node from
then on, which has not got it: right for caches, and the loss of everything that moves for stores.
With it, a key stays at its old node until its turn, one every `move_ms`: it is read there, written
to the new one, and asked for there from then on; writes wait for the move of their key. Each ring
knows the keys that have come through it, so a lab has one. See `services.patterns.ring` for
sources, and for what to use in production; on moves, Vitess' and Citus' resharding.
"""

import asyncio
from collections import Counter as Counted
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer
from services.patterns.ring import Owner, Scheme, modulo, ranges, ring
from services.server import SettingError, at_least, in_background, live

BAD = web.HTTPBadGateway.status_code
LOOK_S = 0.1
"""How often a ring without keys to move looks whether there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which nodes there are (all callees when empty), how keys are given to them, and moved.

    `bounds` are those of ranges, in order, separated by commas, one fewer than nodes.
    """

    nodes: str = live("")
    scheme: Scheme = live(Scheme.RING)
    virtual_nodes: int = live(100)
    bounds: str = live("")
    move_ms: float = live(0)
    timeout_ms: float = live(500)

    def __post_init__(self) -> None:
        at_least(1, virtual_nodes=self.virtual_nodes, timeout_ms=self.timeout_ms)
        at_least(0, move_ms=self.move_ms)

    def owner(self, callees: tuple[str, ...]) -> Owner:
        """Give the function from keys to nodes.

        Raises:
            SettingError: a node is no callee, there is none, or bounds do not fit them.

        """
        nodes = _listed(self.nodes) or list(callees)
        for node in nodes:
            if node not in callees:
                raise SettingError(f"nodes has {node!r}; calls= names {', '.join(callees)}")
        if not nodes:
            raise SettingError("there are no nodes; name them in calls=")
        match self.scheme:
            case Scheme.RING:
                return ring(nodes, self.virtual_nodes)
            case Scheme.MODULO:
                return modulo(nodes)
            case Scheme.RANGE:
                bounds = _listed(self.bounds)
                if len(bounds) != len(nodes) - 1:
                    there = f"bounds are {len(bounds)} for {len(nodes)} nodes"
                    raise SettingError(f"{there}; write one fewer than there are nodes")
                return ranges(nodes, bounds)


class Keys:
    """Where each key is that has come through, and where it belongs."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._made_of = ctx.settings
        self._owner = ctx.settings.owner(ctx.callees)
        self._homes: dict[str, str] = {}
        # Writes of a key wait for its move, which waits for those that are under way.
        self._writing: Counted[str] = Counted()
        self._moving: set[str] = set()
        self._turn = asyncio.Condition()
        registry = ctx.metrics
        self._moved = Counter("keys_moved", "Keys that have changed nodes", registry=registry)
        self._routed = Counter("routed", "Requests, by node", ("node",), registry=registry)
        for node in ctx.callees:
            self._routed.labels(node)  # So that each begins at 0.
        registry.register(self)  # a collector by its form

    async def pass_on(self, method: str, path: str, key: str, *, writes: bool) -> Answer:
        """Ask the node at which a key is.

        Raises:
            one of `NO_ANSWER`: the node gave none.

        """
        if not writes:
            return await self._ask(method, self._home(key), path)
        async with self._turn:
            await self._turn.wait_for(lambda: key not in self._moving)
            self._writing[key] += 1
        try:
            return await self._ask(method, self._home(key), path)
        finally:
            self._writing[key] -= 1
            await self._tell()

    async def move(self) -> None:
        """Move keys to where they belong, one after the other, for ever."""
        while True:
            move_s = self._ctx.settings.move_ms / 1000
            await asyncio.sleep(move_s or LOOK_S)
            key = next(iter(self._misplaced()), None) if move_s else None
            if key is not None:
                await self._move(key)

    async def _move(self, key: str) -> None:
        """Move one key, after the writes of it that are under way, and before those to come."""
        self._moving.add(key)
        async with self._turn:
            await self._turn.wait_for(lambda: not self._writing[key])
        await self._bring(key)
        self._moving.remove(key)
        await self._tell()

    async def _bring(self, key: str) -> None:
        """Bring a key's value to its new node; where a node does not answer, it comes last."""
        old, new = self._homes.pop(key), self._belongs(key)
        self._homes[key] = old
        try:
            found = await self._ask("GET", old, key)
            value = found.text.strip()
            taken = await self._ask("PUT", new, f"{key}/{value}") if value else found
        except NO_ANSWER:
            return
        if found.ok and taken.ok:
            self._homes[key] = new
            self._moved.inc()

    def _misplaced(self) -> Iterator[str]:
        return (key for key, home in self._homes.items() if home != self._belongs(key))

    def _home(self, key: str) -> str:
        belongs = self._belongs(key)
        home = self._homes.setdefault(key, belongs)
        if home != belongs and not self._ctx.settings.move_ms:
            home = self._homes[key] = belongs
            self._moved.inc()
        return home

    def _belongs(self, key: str) -> str:
        if self._ctx.settings is not self._made_of:
            self._made_of = self._ctx.settings
            self._owner = self._made_of.owner(self._ctx.callees)
        return self._owner(key.rpartition("/")[2])

    async def _tell(self) -> None:
        async with self._turn:
            self._turn.notify_all()

    async def _ask(self, method: str, node: str, path: str) -> Answer:
        self._routed.labels(node).inc()
        return await self._outgoing.request(
            method, node, path, timeout_ms=self._ctx.settings.timeout_ms
        )

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Tell how many keys each node has."""
        keys = GaugeMetricFamily("keys", "Keys at a node", labels=["node"])
        counts = Counted(self._homes.values())
        for node in self._ctx.callees:
            keys.add_metric([node], counts[node])
        yield keys


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /<kind>/<key>` and `PUT /<kind>/<key>/<value>` by the key's node: 502 without one.

    Nodes are asked by the same paths, as those of `services.kv` and `services.cache`.
    """
    keys = Keys(ctx)

    async def handle(request: web.Request) -> web.Response:
        key = f"/{request.match_info['kind']}/{request.match_info['key']}"
        writes = "value" in request.match_info
        try:
            answer = await keys.pass_on(request.method, request.path, key, writes=writes)
        except NO_ANSWER as error:
            return web.Response(status=BAD, text=f"{type(error).__name__}\n")
        return web.Response(status=answer.status, body=answer.body)

    application = web.Application()
    application.router.add_get("/{kind}/{key}", handle)
    application.router.add_put("/{kind}/{key}/{value}", handle)
    in_background(application, keys.move)
    return application
