"""Monitor: looks at its callees every so often, and pages when a rule says so.

It looks from outside, by a probe that asks as a user would, or at what they say of themselves, by
the counters of their `/metrics`. Each is blind to something: a probe to whom it does not ask for,
counters to requests that never arrive. What does not answer a look at its counters adds nothing, as
is so where nobody has a rule for missing data. See `services.patterns.alerting` for the rules and
their source; on the vantage points, Huang and others, "Gray Failure: The Achilles' Heel of
Cloud-Scale Systems" (HotOS 2017). In production: Prometheus with its blackbox exporter.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from prometheus_client import Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.alerting import Events, Kind, Rule
from services.server import SettingError, at_least, at_most, in_background, live

BAD_STATUS = ("5", "429")
"""How the statuses begin that are the service's own fault."""


class Source(StrEnum):
    """From where it looks: asking as a user, or reading the callee's counters."""

    PROBE = "probe"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How it looks, how often, and when it pages.

    A probe is bad without a good answer within `timeout_ms`. `limit` is a share of bad events for
    the rule `threshold`, over `short_ms`; for `burn` it is a burn rate, over both windows.
    """

    source: Source = live(Source.PROBE)
    every_ms: float = live(500)
    path: str = live("/")
    timeout_ms: float = live(500)
    rule: Kind = live(Kind.THRESHOLD)
    limit: float = live(0.05)
    slo: float = live(0.99)
    short_ms: float = live(2000)
    long_ms: float = live(10_000)

    def __post_init__(self) -> None:
        at_least(1, every_ms=self.every_ms, timeout_ms=self.timeout_ms, short_ms=self.short_ms)
        at_least(0, limit=self.limit, slo=self.slo)
        at_most(1, slo=self.slo)
        at_least(self.short_ms, long_ms=self.long_ms)
        if not self.path.startswith("/"):
            raise SettingError(f"path is {self.path!r}; a path begins with a slash")

    def alert(self) -> Rule:
        """Give the rule."""
        return Rule(
            kind=self.rule,
            limit=self.limit,
            short_s=self.short_ms / 1000,
            long_s=self.long_ms / 1000,
            slo=self.slo,
        )


class Monitor:
    """What it has seen, and whether it pages."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("a monitor looks at nobody; name the services in calls=")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._events = Events(ctx.now)
        self._counts: dict[str, tuple[float, float]] = {}
        self.alerting = False
        registry = ctx.metrics
        self._looks = Counter("looks", "By outcome", ("callee", "outcome"), registry=registry)
        for callee in ctx.callees:
            for outcome in ("good", "bad", "nothing"):
                self._looks.labels(callee, outcome)  # So that each begins at 0.
        self._pages = Counter("pages", "Alerts that began", registry=registry)
        Gauge("alerting", "1 while it pages", registry=registry).set_function(lambda: self.alerting)

    async def watch(self) -> None:
        """Look at all callees, again and again, and judge after each round."""
        while True:
            await asyncio.gather(*map(self._look, self._ctx.callees))
            fires = self._ctx.settings.alert().fires(self._events.bad_ratio)
            self._pages.inc(fires and not self.alerting)
            self.alerting = fires
            await asyncio.sleep(self._ctx.settings.every_ms / 1000)

    async def _look(self, callee: str) -> None:
        probes = self._ctx.settings.source is Source.PROBE
        good, bad = await (self._probe(callee) if probes else self._scrape(callee))
        outcome = "bad" if bad else "good" if good else "nothing"
        self._looks.labels(callee, outcome).inc()
        self._events.add(good=good, bad=bad, keep_s=self._ctx.settings.long_ms / 1000)

    async def _probe(self, callee: str) -> tuple[float, float]:
        text = await self._get(callee, self._ctx.settings.path)
        return (0, 1) if text is None else (1, 0)

    async def _scrape(self, callee: str) -> tuple[float, float]:
        """Give how many good and bad answers the callee has counted since the last look."""
        text = await self._get(callee, "/metrics")
        if text is None:
            return 0, 0
        good = bad = 0.0
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "requests_total":
                    is_bad = sample.labels["status"].startswith(BAD_STATUS)
                    good, bad = good + sample.value * (not is_bad), bad + sample.value * is_bad
        before = self._counts.get(callee, (good, bad))
        self._counts[callee] = good, bad
        if good < before[0] or bad < before[1]:
            return good, bad  # Its process has begun again, from 0.
        return good - before[0], bad - before[1]

    async def _get(self, callee: str, path: str) -> str | None:
        settings = self._ctx.settings
        try:
            answer = await self._outgoing.request(
                "GET", callee, path, timeout_ms=settings.timeout_ms
            )
        except NO_ANSWER:
            return None
        return answer.text if answer.ok else None


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: whether it pages; it looks in the background."""
    monitor = Monitor(ctx)

    async def state(_: web.Request) -> web.Response:
        return web.Response(text="alerting\n" if monitor.alerting else "quiet\n")

    application = web.Application()
    application.router.add_get("/", state)
    in_background(application, monitor.watch)
    return application
