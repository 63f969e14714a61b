"""Backup: keeps copies of a table elsewhere, and brings one of them back.

What was written since the last copy is lost by a restore, and nobody is served while it lasts. A
copy that was never read back is a hope: with `broken`, what is written is empty and reported as
done, as from a dump of another version; `verify` reads each copy back, counts what is no copy, and
keeps the last good one. Whoever is in can `POST /wipe`, unless copies are `locked`. Sources: the
postmortem of GitLab's database outage of 31 January 2017; *Site Reliability Engineering* (2016),
chapter 26, "Data Integrity". In production: pgBackRest, restic; object locks of an object store.
"""

import asyncio
import json
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.server import at_least, in_background, live

KEPT = "copies"
LOOK_S = 0.1
"""How often it looks whether the next copy is due."""
NONE = web.HTTPNotFound.status_code
LOCKED = web.HTTPForbidden.status_code
BAD = web.HTTPBadGateway.status_code
NOT_DONE = (*NO_ANSWER, Failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How often a copy is made, how many are kept, and whether they are read back, or locked."""

    every_ms: float = live(2000)
    keep: int = live(3)
    verify: bool = live(default=False)
    broken: bool = live(default=False)
    locked: bool = live(default=False)
    timeout_ms: float = live(10_000)

    def __post_init__(self) -> None:
        at_least(1, every_ms=self.every_ms, keep=self.keep, timeout_ms=self.timeout_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a table held, as its text, and when that was, by the wall clock."""

    made_s: float
    rows: str


class Backup:
    """The copies, the newest last, on a disk of their own."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._table = ctx.one_callee()
        kept = ctx.volume.read(KEPT)
        self.copies = [Copy(**one) for one in json.loads(kept)] if kept else []
        registry = ctx.metrics
        self._made = Counter("backups", "By how they ended", ("outcome",), registry=registry)
        for outcome in ("done", "no copy", "no answer"):
            self._made.labels(outcome)  # So that each begins at 0.
        Gauge(
            "backup_age_seconds", "Age of the newest copy, -1 without one", registry=registry
        ).set_function(self._age_s)

    async def run(self) -> None:
        """Make a copy every so often, for ever."""
        made_s = self._ctx.now()
        while True:
            await asyncio.sleep(LOOK_S)
            if self._ctx.now() - made_s >= self._ctx.settings.every_ms / 1000:
                made_s = self._ctx.now()
                self._made.labels(await self._make()).inc()

    async def restore(self, back: int) -> str:
        """Bring back the newest copy, or one of so many before it; give how many rows it has.

        Raises:
            LookupError: there is none.
            one of `NOT_DONE`: the table was not there to take it.

        """
        if back >= len(self.copies):
            raise LookupError(f"there are {len(self.copies)} copies")
        rows = self.copies[-1 - back].rows
        return await self._ask("PUT", "/table", rows.encode())

    def wipe(self) -> bool:
        """Remove all copies; False when they are locked."""
        if self._ctx.settings.locked:
            return False
        self._keep([])
        return True

    async def _make(self) -> str:
        settings, now_s = self._ctx.settings, self._ctx.wall()
        try:
            rows = await self._ask("GET", "/table")
        except NOT_DONE:
            return "no answer"
        if settings.broken:
            rows = "{}"
        if settings.verify and not _is_copy(rows):
            return "no copy"
        self._keep([*self.copies, Copy(made_s=now_s, rows=rows)][-settings.keep :])
        return "done"

    def _keep(self, copies: list[Copy]) -> None:
        self.copies = copies
        plain = [{"made_s": one.made_s, "rows": one.rows} for one in copies]
        self._ctx.volume.write(KEPT, json.dumps(plain).encode())

    def _age_s(self) -> float:
        return self._ctx.wall() - self.copies[-1].made_s if self.copies else -1

    async def _ask(self, method: str, path: str, body: bytes = b"") -> str:
        answer = await self._outgoing.request(
            method, self._table, path, timeout_ms=self._ctx.settings.timeout_ms, body=body
        )
        if not answer.ok:
            raise Failed(answer)
        return answer.text


def _is_copy(rows: str) -> bool:
    """Say whether something could be brought back of it: that it is read, and is not nothing."""
    try:
        return bool(json.loads(rows))
    except ValueError:
        return False


def app(ctx: Context[Settings]) -> web.Application:
    """Serve the operator: `GET /copies` (how many), `POST /restore/<back>`, and `POST /wipe`.

    A restore of 0 brings back the newest copy, of 1 the one before: 404 without it.
    """
    backup = Backup(ctx)

    async def copies(_: web.Request) -> web.Response:
        return web.Response(text=f"{len(backup.copies)}\n")

    async def restore(request: web.Request) -> web.Response:
        try:
            return web.Response(text=await backup.restore(int(request.match_info["back"])))
        except LookupError as error:
            return web.Response(status=NONE, text=f"{error}\n")
        except NOT_DONE as error:
            return web.Response(status=BAD, text=f"{type(error).__name__}\n")

    async def wipe(_: web.Request) -> web.Response:
        if backup.wipe():
            return web.Response(text="gone\n")
        return web.Response(status=LOCKED, text="copies are locked\n")

    application = web.Application()
    application.router.add_get("/copies", copies)
    application.router.add_post(r"/restore/{back:\d+}", restore)
    application.router.add_post("/wipe", wipe)
    in_background(application, backup.run)
    return application
