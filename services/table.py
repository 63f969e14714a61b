"""Table: rows with transactions, locks, an index, connections, and backups to come back from.

A statement costs CPU of one of `cores`: `statement_ms` where the index finds the row, and a scan of
all rows where there is none. A transaction holds one of `connections` from its first statement to
its last, and its locks until it commits. What two transactions at the same row can do to each other
is the isolation: *read-committed* writes what it computed from an old read (the lost update);
*snapshot* refuses the one that commits second; *serializable* locks what it reads, and can
deadlock. Sources: Berenson and others, "A Critique of ANSI SQL Isolation Levels" (SIGMOD 1995);
Gray and Reuter, "Transaction Processing" (1993). In production: PostgreSQL, MySQL; SQLAlchemy's
pool, PgBouncer.
"""

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.patterns.locks import DeadlockError, Locks
from services.patterns.timeout import time_limit
from services.server import at_least, in_background, live

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

BACKUP = "backup"
ROWS = "rows"
CONFLICT = web.HTTPConflict.status_code
FULL = web.HTTPServiceUnavailable.status_code
LATE = web.HTTPGatewayTimeout.status_code
COMMITTED = "committed"
DEADLOCK = "deadlock"
CONFLICTING = "somebody else has written"
NO_LOCK = "no lock in time"
NO_CONNECTION = "no connection in time"
OUTCOMES = (COMMITTED, DEADLOCK, CONFLICTING, NO_LOCK, NO_CONNECTION)
LOOK_S = 0.1
"""How often the clock of backups looks at its live setting."""


class Isolation(StrEnum):
    """What a transaction is kept from: nothing but dirty reads, lost updates, any anomaly."""

    READ_COMMITTED = "read-committed"
    SNAPSHOT = "snapshot"
    SERIALIZABLE = "serializable"


class LockOrder(StrEnum):
    """In which order a transaction takes its locks: as it was asked, or always the same."""

    ASKED = "asked"
    SORTED = "sorted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """The rows, what statements cost, how transactions are kept apart, and who may wait how long.

    Each row begins with `initial`. A wait for a lock ends after `lock_timeout_ms` (0: never), one
    that would close a circle at once if `detect` is on. Whoever gets no connection within
    `pool_timeout_ms` (0: at once) is answered 503. A backup is made every `backup_every_ms`
    (0: never), and a restore from it takes `restore_row_us` a row.
    """

    rows: int = 1000
    initial: int = 100
    cores: int = 4
    statement_ms: float = live(2)
    scan_row_us: float = live(20)
    indexed: bool = live(default=True)
    connections: int = live(20)
    pool_timeout_ms: float = live(1000)
    isolation: Isolation = live(Isolation.SERIALIZABLE)
    lock_order: LockOrder = live(LockOrder.ASKED)
    lock_timeout_ms: float = live(1000)
    detect: bool = True
    backup_every_ms: float = live(0)
    restore_row_us: float = live(1000)

    def __post_init__(self) -> None:
        at_least(1, rows=self.rows, cores=self.cores, connections=self.connections)
        at_least(0, statement_ms=self.statement_ms, scan_row_us=self.scan_row_us)
        at_least(0, pool_timeout_ms=self.pool_timeout_ms, lock_timeout_ms=self.lock_timeout_ms)
        at_least(0, backup_every_ms=self.backup_every_ms, restore_row_us=self.restore_row_us)


class RefusedError(Exception):
    """A transaction was not done; `status` is the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A value, and how often it was written."""

    value: int
    version: int = 0


class Pool:
    """Connections: who finds none waits for one, first come, first served."""

    def __init__(self, ctx: Context["Settings"]) -> None:
        self._ctx = ctx
        self._taken = 0
        self._turn = asyncio.Condition()
        registry = ctx.metrics
        self._used = Gauge("connections_used", "Connections in use", registry=registry)
        self._waits = Gauge("connections_waited", "Requests without one", registry=registry)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        """Hold one.

        Raises:
            RefusedError: none was free in time.

        """
        await self._take()
        self._used.set(self._taken)
        try:
            yield
        finally:
            self._taken -= 1
            self._used.set(self._taken)
            async with self._turn:
                self._turn.notify_all()

    async def _take(self) -> None:
        settings = self._ctx.settings
        if not self._free() and not settings.pool_timeout_ms:
            raise RefusedError(FULL, NO_CONNECTION)
        try:
            with self._waits.track_inprogress():
                async with time_limit(settings.pool_timeout_ms), self._turn:
                    await self._turn.wait_for(self._free)
                    self._taken += 1
        except TimeoutError as error:
            raise RefusedError(FULL, NO_CONNECTION) from error

    def _free(self) -> bool:
        return self._taken < self._ctx.settings.connections


class Cores:
    """CPU: a statement runs on the core that is free first; finish times are computed."""

    def __init__(self, count: int) -> None:
        self._free_at_s = [0.0] * count

    async def run(self, cost_s: float) -> None:
        """Wait for a core, and for the work to be done."""
        now_s = asyncio.get_running_loop().time()
        end_s = max(now_s, self._free_at_s[0]) + cost_s
        heapq.heapreplace(self._free_at_s, end_s)
        await asyncio.sleep(end_s - now_s)


class Table:
    """The rows, and the transactions on them."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        settings = ctx.settings
        self._pool = Pool(ctx)
        self._cores = Cores(settings.cores)
        self._locks = Locks[int](detect=settings.detect)
        self._transactions = 0
        kept = ctx.volume.read(ROWS)
        self.rows = dict.fromkeys(range(settings.rows), Row(value=settings.initial))
        if kept is not None:
            self.rows = _rows(kept)
        registry = ctx.metrics
        self._ended = Counter("transactions", "By how they ended", ("outcome",), registry=registry)
        for outcome in OUTCOMES:
            self._ended.labels(outcome)  # So that each begins at 0, and its first one is seen.
        Gauge("lock_waits", "Transactions that wait", registry=registry).set_function(
            self._locks.waiting
        )

    async def read(self, number: int) -> int:
        """Read one row."""
        async with self._pool.connection():
            await self._statement()
            return self._row(number).value

    async def total(self) -> int:
        """Add up all rows, which is a scan with or without an index."""
        async with self._pool.connection():
            await self._cores.run(len(self.rows) * self._ctx.settings.scan_row_us / 1e6)
            return sum(row.value for row in self.rows.values())

    async def add(self, amounts: Sequence[tuple[int, int]]) -> None:
        """Add to some rows, all or none, in a transaction of two statements for each.

        Raises:
            RefusedError: it was not done, and why.

        """
        try:
            async with self._pool.connection():
                self._transactions += 1
                await self._transaction(amounts, self._transactions)
        except RefusedError as error:
            self._ended.labels(str(error)).inc()
            raise
        self._ended.labels(COMMITTED).inc()

    async def _transaction(self, amounts: Sequence[tuple[int, int]], owner: int) -> None:
        settings = self._ctx.settings
        if settings.lock_order is LockOrder.SORTED:
            amounts = sorted(amounts)
        written: dict[int, tuple[int, int]] = {}
        try:
            for number, amount in amounts:
                if settings.isolation is Isolation.SERIALIZABLE:
                    await self._lock(number, owner)
                await self._statement()
                row = self._row(number)
                value, version = written.get(number, (row.value, row.version))
                await self._lock(number, owner)
                await self._statement()
                written[number] = (value + amount, version)
            self._commit(written, settings.isolation)
        finally:
            self._locks.release(owner)

    def _commit(self, written: dict[int, tuple[int, int]], isolation: Isolation) -> None:
        for number, (_, version) in written.items():
            seen = self._row(number).version
            if isolation is not Isolation.READ_COMMITTED and seen != version:
                raise RefusedError(CONFLICT, CONFLICTING)
        for number, (value, version) in written.items():
            self.rows[number] = Row(value=value, version=version + 1)
        self._keep()

    async def _lock(self, number: int, owner: int) -> None:
        try:
            async with time_limit(self._ctx.settings.lock_timeout_ms):
                await self._locks.take(number, owner)
        except DeadlockError as error:
            raise RefusedError(CONFLICT, DEADLOCK) from error
        except TimeoutError as error:
            raise RefusedError(LATE, NO_LOCK) from error

    async def _statement(self) -> None:
        settings = self._ctx.settings
        cost_s = settings.statement_ms / 1000
        if not settings.indexed:
            cost_s += len(self.rows) * settings.scan_row_us / 1e6
        await self._cores.run(cost_s)

    def _row(self, number: int) -> Row:
        if number not in self.rows:
            raise RefusedError(web.HTTPNotFound.status_code, "no such row")
        return self.rows[number]

    def drop(self) -> None:
        """Drop all rows, as somebody does who thought that this was the test system."""
        self.rows = {}
        self._keep()

    def _keep(self) -> None:
        self._ctx.volume.write(ROWS, self._plain())

    def _plain(self) -> bytes:
        return json.dumps({number: row.value for number, row in self.rows.items()}).encode()

    def back_up(self) -> None:
        """Keep the rows as they are."""
        self._ctx.volume.write(BACKUP, self._plain())

    async def dump(self) -> str:
        """Give all rows as JSON, which is a scan."""
        await self.total()
        return self._plain().decode()

    async def load(self, kept: bytes) -> int:
        """Put rows in the place of all that there are; give their number.

        Raises:
            ValueError: it is no dump.

        """
        rows = _rows(kept)
        await asyncio.sleep(len(rows) * self._ctx.settings.restore_row_us / 1e6)
        self.rows = rows
        self._keep()
        return len(rows)

    async def restore(self) -> int:
        """Bring back what the last backup has; what was written since is lost. Give its rows.

        Raises:
            RefusedError: there is no backup.

        """
        kept = self._ctx.volume.read(BACKUP)
        if kept is None:
            raise RefusedError(web.HTTPNotFound.status_code, "there is no backup")
        return await self.load(kept)

    async def keep_backups(self) -> None:
        """Back up every so often, as long as there is something to back up."""
        since_s = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            since_s += LOOK_S
            every_s = self._ctx.settings.backup_every_ms / 1000
            if every_s and since_s >= every_s and self.rows:
                self.back_up()
                since_s = 0.0


def _rows(kept: bytes) -> dict[int, Row]:
    return {int(number): Row(value=value) for number, value in json.loads(kept).items()}


def app(ctx: Context[Settings]) -> web.Application:
    """Serve reads, transactions and what an operator does; 409, 503 and 504 say what went wrong.

    `GET /rows/<row>`, `POST /rows/<row>/<amount>`, `POST /transfers/<from>/<to>/<amount>` and
    `GET /total`; `POST /backup`, `POST /drop` and `POST /restore`. `GET` and `PUT /table` are all
    rows as JSON, for `services.backup`.
    """
    table = Table(ctx)

    async def read(request: web.Request) -> web.Response:
        return web.Response(text=f"{await table.read(int(request.match_info['row']))}\n")

    async def total(_: web.Request) -> web.Response:
        return web.Response(text=f"{await table.total()}\n")

    async def add(request: web.Request) -> web.Response:
        row, amount = (int(request.match_info[name]) for name in ("row", "amount"))
        await table.add([(row, amount)])
        return web.Response(text="committed\n")

    async def transfer(request: web.Request) -> web.Response:
        one, other, amount = (int(request.match_info[name]) for name in ("one", "other", "amount"))
        await table.add([(one, -amount), (other, amount)])
        return web.Response(text="committed\n")

    async def dump(_: web.Request) -> web.Response:
        return web.json_response(text=await table.dump())

    async def load(request: web.Request) -> web.Response:
        return web.Response(text=f"{await table.load(await request.read())} rows\n")

    async def operate(request: web.Request) -> web.Response:
        match request.match_info["act"]:
            case "backup":
                table.back_up()
            case "drop":
                table.drop()
            case _:
                return web.Response(text=f"{await table.restore()} rows\n")
        return web.Response(text="done\n")

    application = web.Application(middlewares=[_refusals])
    application.router.add_get(r"/rows/{row:\d+}", read)
    application.router.add_get("/total", total)
    application.router.add_post(r"/rows/{row:\d+}/{amount:-?\d+}", add)
    application.router.add_post(r"/transfers/{one:\d+}/{other:\d+}/{amount:\d+}", transfer)
    application.router.add_get("/table", dump)
    application.router.add_put("/table", load)
    application.router.add_post("/{act:backup|drop|restore}", operate)
    in_background(application, table.keep_backups)
    return application


@web.middleware
async def _refusals(request: web.Request, handler: "Handler") -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as error:
        return web.Response(status=error.status, text=f"{error}\n")
