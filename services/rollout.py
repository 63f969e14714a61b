"""Rollout: sends a share of the requests to a new version, in waves, and takes it back by itself.

While `release` is on, the new version gets the share of the wave; a user who is `sticky` meets the
same version all the time, and a later wave adds users to those of the one before. When the new
version fails more often than the old one by more than `gate`, it gets nothing from then on, until
it is released anew. `shadow` copies requests to it and throws its answers away. One wave of 1 is a
big bang, and blue and green; `release` alone is a feature flag with a kill switch. Sources: Sato,
"Canary Release" (2014); *The Site Reliability Workbook* (2018), chapter 16; Hodgson, "Feature
Toggles" (2017). In production: Argo Rollouts, Flagger, LaunchDarkly, Envoy's request mirroring.
"""

import asyncio
import zlib
from collections import Counter as Counted
from collections.abc import Coroutine
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer
from services.server import SettingError, at_least, at_most, live

BAD = web.HTTPBadGateway.status_code
OLD, NEW = "old", "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which callees are the versions, the waves' shares, how long each lasts, and what stops it.

    A user is the `user` of the path's query, else the path. Nothing is judged before the new
    version has answered `least` times; a `gate` of 1 stops nothing. `wave_ms` of 0 stays at the
    first wave.
    """

    old: str
    new: str
    release: bool = live(default=False)
    waves: str = live("0.01, 0.1, 0.5, 1")
    wave_ms: float = live(2000)
    gate: float = live(1)
    least: int = live(20)
    sticky: bool = live(default=True)
    shadow: float = live(0)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(0, wave_ms=self.wave_ms, gate=self.gate, least=self.least, shadow=self.shadow)
        at_least(1, timeout_ms=self.timeout_ms)
        at_most(1, shadow=self.shadow)
        self.shares()

    def shares(self) -> list[float]:
        """Give the share of each wave.

        Raises:
            SettingError: one of them is no share.

        """
        try:
            shares = [float(share) for share in self.waves.split(",")]
        except ValueError:
            shares = []
        if not shares or not all(0 <= share <= 1 for share in shares):
            raise SettingError(f"waves is {self.waves!r}; write shares from 0 to 1, by commas")
        return shares


class Release:
    """How far the new version has come, and what is known of it."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._since_s: float | None = None
        self._taken_back = False
        self._counts: Counted[tuple[str, bool]] = Counted()
        self._users: dict[str, set[str]] = {OLD: set(), NEW: set()}
        registry = ctx.metrics
        self._answers = Counter("answers", "By version", ("version", "outcome"), registry=registry)
        for version in (OLD, NEW):
            for outcome in ("good", "failed"):
                self._answers.labels(version, outcome)  # So that each begins at 0.
        self._back = Counter("rollbacks", "Releases that were taken back", registry=registry)
        Gauge("new_share", "Share of the new version", registry=registry).set_function(self.share)
        met = Gauge("users_met", "Users who have met a version", ("version",), registry=registry)
        for version, users in self._users.items():
            met.labels(version).set_function(users.__len__)

    def share(self) -> float:
        """Give the share that the new version gets now."""
        settings, now_s = self._ctx.settings, self._ctx.now()
        if not settings.release:
            self._since_s, self._taken_back = None, False
            return 0
        if self._since_s is None:
            self._since_s = now_s
            self._counts.clear()
        if self._taken_back:
            return 0
        shares = settings.shares()
        passed = (now_s - self._since_s) * 1000 / settings.wave_ms if settings.wave_ms else 0
        return shares[min(int(passed), len(shares) - 1)]

    def version_for(self, user: str) -> str:
        """Draw the version of a request; a sticky user draws one lot for ever."""
        sticky = self._ctx.settings.sticky
        lot = zlib.crc32(user.encode()) / 2**32 if sticky else self._ctx.rng.random()
        version = NEW if lot < self.share() else OLD
        self._users[version].add(user)
        return version

    def judge(self, version: str, *, good: bool) -> None:
        """Take note of an answer, and take the new version back when it fails too often."""
        self._answers.labels(version, "good" if good else "failed").inc()
        self._counts[version, good] += 1
        answers = self._counts[NEW, True] + self._counts[NEW, False]
        settings = self._ctx.settings
        worse = self._failed(NEW) - self._failed(OLD)
        if answers >= settings.least and worse > settings.gate and not self._taken_back:
            self._taken_back = True
            self._back.inc()

    def _failed(self, version: str) -> float:
        failed, good = (self._counts[version, good] for good in (False, True))
        return failed / (failed + good) if failed else 0.0


class Router:
    """Passes requests on to the versions."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._release = Release(ctx)
        self._copies: set[asyncio.Task[None]] = set()
        self._shadows = Counter("shadows", "Copies", ("outcome",), registry=ctx.metrics)
        for outcome in ("same", "differs", "failed"):
            self._shadows.labels(outcome)  # So that each begins at 0.

    async def handle(self, request: web.Request) -> web.Response:
        """Answer by one of the versions: 502 without an answer."""
        settings = self._ctx.settings
        version = self._release.version_for(request.query.get("user", request.path))
        answer = await self._ask(getattr(settings, version), request)
        self._release.judge(version, good=not answer.failed)
        if version == OLD and settings.shadow and self._ctx.rng.random() < settings.shadow:
            self._later(self._copy(request, answer))
        return web.Response(status=answer.status, body=answer.body)

    async def _ask(self, callee: str, request: web.Request) -> Answer:
        try:
            return await self._outgoing.request(
                request.method,
                callee,
                request.path_qs,
                timeout_ms=self._ctx.settings.timeout_ms,
                body=await request.read(),
            )
        except NO_ANSWER as error:
            return Answer(f"{callee}: {type(error).__name__}\n".encode(), BAD)

    async def _copy(self, request: web.Request, answer: Answer) -> None:
        copied = await self._ask(self._ctx.settings.new, request)
        same = (copied.status, copied.body) == (answer.status, answer.body)
        outcome = "failed" if copied.failed else "same" if same else "differs"
        self._shadows.labels(outcome).inc()

    def _later(self, copy: Coroutine[None, None, None]) -> None:
        # Held until it is done: the loop itself holds no task that waits.
        task = asyncio.ensure_future(copy)
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve every path by the old version or the new one."""
    for name in (ctx.settings.old, ctx.settings.new):
        if name not in ctx.callees:
            raise SettingError(f"{name!r} is not in calls=; name both versions there")
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Router(ctx).handle)
    return application
