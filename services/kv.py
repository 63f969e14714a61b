"""Key-value store: one of several nodes, each key on `copies` of them, reads and writes by quorum.

Any node takes any request and coordinates it: a write is acknowledged when `write_quorum` nodes
have it on disk, and goes to the others later; a read asks `read_quorum` nodes, drawn at random, and
takes what stands of their answers. With read + write quorum above the number of copies every read
meets the last acknowledged write; below, it may be stale until the copies have arrived. A write
that fails is not taken back: some nodes may have it. Sources: Gifford, "Weighted Voting for
Replicated Data" (1979); DeCandia and others, "Dynamo" (SOSP 2007); Bailis and others,
"Probabilistically Bounded Staleness" (VLDB 2012). In production: Cassandra, ScyllaDB, DynamoDB.
"""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.patterns.versions import Conflict, Write, seen_of
from services.server import SettingError, at_least, in_background, live

T = TypeVar("T")
Writes = tuple[Write, ...]
FEWER = web.HTTPServiceUnavailable.status_code
NOT_DONE = (*NO_ANSWER, Failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How many copies a key has, how many nodes a request waits for, and what stands of conflicts.

    The copies beyond the write quorum leave after `copy_ms`, exponential with that mean, and are
    sent again every `resend_ms` until they arrive; 0 does not send them again. With `repair`, a
    read brings what it has found to those that it has asked. What a node owes is lost with its
    process.
    """

    copies: int = 3
    write_quorum: int = live(2)
    read_quorum: int = live(2)
    conflict: Conflict = live(Conflict.LAST_WINS)
    copy_ms: float = live(0)
    resend_ms: float = live(1000)
    repair: bool = live(default=False)
    timeout_ms: float = live(500)

    def __post_init__(self) -> None:
        at_least(1, copies=self.copies, timeout_ms=self.timeout_ms)
        at_least(0, copy_ms=self.copy_ms, resend_ms=self.resend_ms)
        for name in ("write_quorum", "read_quorum"):
            quorum = getattr(self, name)
            if not 1 <= quorum <= self.copies:
                raise SettingError(
                    f"{name} is {quorum}; it may be 1 to copies, which is {self.copies}"
                )


class Disk:
    """What this node holds: each key is a file of its volume, and outlives the process."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._held: dict[str, Writes] = {}

    def read(self, key: str) -> Writes:
        """Give what stands under a key, nothing where none was written."""
        if key not in self._held:
            kept = self._ctx.volume.read(_file(key))
            self._held[key] = tuple(map(Write.of, json.loads(kept))) if kept else ()
        return self._held[key]

    def merge(self, key: str, writes: Writes) -> Writes:
        """Add writes to what is held, durably, and give what stands then."""
        before = self.read(key)
        after = self._ctx.settings.conflict.merge((*before, *writes))
        if after != before:
            self._ctx.volume.write(_file(key), _json(after).encode())
            self._held[key] = after
        return after


class Node:
    """One node: its disk, its peers, and the copies that it still owes them."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self.ctx = ctx
        self.disk = Disk(ctx)
        self._outgoing = Outgoing(ctx)
        self._nodes = sorted({*ctx.callees, ctx.host})
        if len(self._nodes) < ctx.settings.copies:
            raise SettingError(
                f"copies is {ctx.settings.copies} and there are {len(self._nodes)} nodes; "
                "each must name the others in calls="
            )
        self._owed: asyncio.Queue[tuple[float, str, str, Writes]] = asyncio.Queue()
        self._count = 0
        # A process after a crash does not know the numbers of the one before, so it is another.
        self._process = f"{ctx.host}@{round(ctx.now() * 1_000_000)}"
        registry = ctx.metrics
        self._owing = Gauge("copies_owed", "Copies that have not arrived yet", registry=registry)
        self._lost = Counter("copies_lost", "Copies given up on", registry=registry)
        self._repairs = Counter("read_repairs", "Copies that reads brought", registry=registry)
        self._siblings = Counter("conflicts", "Reads that found siblings", registry=registry)

    def homes(self, key: str) -> list[str]:
        """Name the nodes that keep a key: as many as copies, one after the other in a ring."""
        first = zlib.crc32(key.encode()) % len(self._nodes)
        ring = self._nodes[first:] + self._nodes[:first]
        return ring[: self.ctx.settings.copies]

    async def write(self, key: str, value: str) -> None:
        """Write a value, for somebody who has seen all that this node has written.

        Where siblings stand, the writer has also seen what a read quorum finds; else, nothing that
        others wrote would ever be replaced.

        Raises:
            FewerError: fewer nodes than the quorum have it within the time limit.

        """
        siblings = self.ctx.settings.conflict is Conflict.SIBLINGS
        seen = seen_of(await self.read(key)) if siblings else {}
        self._count += 1
        seen[self._process] = self._count
        time_us = round(self.ctx.wall() * 1_000_000)
        write = Write(value=value, stamp=(time_us, self._count, self.ctx.host), seen=seen)
        order = self._drawn(key)
        done = await self._asked(
            order, self.ctx.settings.write_quorum, lambda node: self.send(node, key, (write,))
        )
        for node in order:
            if node not in done:
                self._owe(node, key, (write,), self._delay_s())

    async def read(self, key: str) -> Writes:
        """Give what stands of the answers of a read quorum.

        Raises:
            FewerError: fewer nodes than the quorum have answered within the time limit.

        """
        found = await self._asked(
            self._drawn(key), self.ctx.settings.read_quorum, lambda node: self._fetch(node, key)
        )
        standing = self.ctx.settings.conflict.merge(
            write for writes in found.values() for write in writes
        )
        self._siblings.inc(len(standing) > 1)
        if self.ctx.settings.repair:
            for node in (node for node, writes in found.items() if writes != standing):
                self._repairs.inc()
                self._owe(node, key, standing, 0)
        return standing

    async def send(self, node: str, key: str, writes: Writes) -> Writes:
        """Bring writes to a node, and give what stands there then."""
        if node == self.ctx.host:
            return self.disk.merge(key, writes)
        return await self._ask("PUT", node, key, _json(writes).encode())

    async def deliver(self) -> None:
        """Bring the copies that are owed, each at its time."""
        async with asyncio.TaskGroup() as group:
            while True:
                due_s, node, key, writes = await self._owed.get()
                group.create_task(self._bring(due_s, node, key, writes))

    async def _bring(self, due_s: float, node: str, key: str, writes: Writes) -> None:
        with self._owing.track_inprogress():
            await asyncio.sleep(due_s - self.ctx.now())
            while True:
                try:
                    await self.send(node, key, writes)
                except NOT_DONE:
                    if not self.ctx.settings.resend_ms:
                        self._lost.inc()
                        return
                else:
                    return
                await asyncio.sleep(self.ctx.settings.resend_ms / 1000)

    def _owe(self, node: str, key: str, writes: Writes, delay_s: float) -> None:
        self._owed.put_nowait((self.ctx.now() + delay_s, node, key, writes))

    def _delay_s(self) -> float:
        mean_ms = self.ctx.settings.copy_ms
        # To the nanosecond: C libraries differ in a logarithm's last bit.
        return round(mean_ms / 1000 * self.ctx.rng.expovariate(1), 9) if mean_ms else 0.0

    async def _fetch(self, node: str, key: str) -> Writes:
        if node == self.ctx.host:
            return self.disk.read(key)
        return await self._ask("GET", node, key)

    async def _ask(self, method: str, node: str, key: str, body: bytes = b"") -> Writes:
        answer = await self._outgoing.request(
            method, node, f"/copies/{key}", timeout_ms=self.ctx.settings.timeout_ms, body=body
        )
        if not answer.ok:
            raise Failed(answer)
        return _writes(answer.text)

    def _drawn(self, key: str) -> list[str]:
        homes = self.homes(key)
        return self.ctx.rng.sample(homes, len(homes))

    async def _asked(
        self, order: Sequence[str], quorum: int, ask: Callable[[str], Awaitable[T]]
    ) -> dict[str, T]:
        """Ask as many nodes as the quorum in parallel; for each that fails, ask the next one."""
        rest = iter(order)

        async def one() -> tuple[str, T] | None:
            for node in rest:
                try:
                    return node, await ask(node)
                except NOT_DONE:
                    continue
            return None

        found = dict(filter(None, await asyncio.gather(*(one() for _ in range(quorum)))))
        if len(found) < quorum:
            raise FewerError(f"{len(found)} of {quorum} nodes")
        return found


class FewerError(Exception):
    """Fewer nodes than the quorum have answered."""


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `PUT /keys/<key>/<value>` and `GET /keys/<key>`, the values that stand; 503 if fewer.

    Siblings are separated by spaces, and a key that was never written is an empty line.
    """
    node = Node(ctx)

    async def write(request: web.Request) -> web.Response:
        try:
            await node.write(request.match_info["key"], request.match_info["value"])
        except FewerError as error:
            return web.Response(status=FEWER, text=f"written to {error}\n")
        return web.Response(text=f"{request.match_info['value']}\n")

    async def read(request: web.Request) -> web.Response:
        try:
            found = await node.read(request.match_info["key"])
        except FewerError as error:
            return web.Response(status=FEWER, text=f"read from {error}\n")
        return web.Response(text=" ".join(write.value for write in found) + "\n")

    async def copy(request: web.Request) -> web.Response:
        standing = node.disk.merge(request.match_info["key"], _writes(await request.text()))
        return web.Response(text=_json(standing))

    async def own(request: web.Request) -> web.Response:
        return web.Response(text=_json(node.disk.read(request.match_info["key"])))

    application = web.Application()
    application.router.add_put("/keys/{key}/{value}", write)
    application.router.add_get("/keys/{key}", read)
    application.router.add_put("/copies/{key}", copy)
    application.router.add_get("/copies/{key}", own)
    in_background(application, node.deliver)
    return application


def _json(writes: Writes) -> str:
    return json.dumps([write.plain() for write in writes])


def _writes(text: str) -> Writes:
    return tuple(map(Write.of, json.loads(text)))


def _file(key: str) -> str:
    return f"key-{key.encode().hex()}"
