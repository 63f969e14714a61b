"""Page: made of the answers of all its callees, with something in place of those that fail.

A page is as slow as the slowest part that it waits for, and fails as often as any part that it
cannot do without. Parts that are not `required` have a fallback: an answer that was good before, if
`stale` says so, else an empty box. Source: Ben Christensen, "Fault Tolerance in a High Volume,
Distributed System" (Netflix, 2012); Dean and Barroso, "The Tail at Scale" (CACM 2013). In
production: the fallbacks of resilience4j, Envoy, or your GraphQL gateway's nullable fields.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.server import at_least, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How long a part may take, which parts a page cannot do without, and how it asks for them.

    `required` names callees, separated by commas; with `in_turn`, a part is asked for when the one
    before has answered, `rounds` times each, as where a page asks for one thing after another.
    """

    timeout_ms: float = live(500)
    required: str = live("")
    stale: bool = live(default=False)
    in_turn: bool = live(default=False)
    rounds: int = live(1)

    def __post_init__(self) -> None:
        at_least(1, timeout_ms=self.timeout_ms, rounds=self.rounds)

    def needed(self) -> set[str]:
        """Name the parts that a page cannot do without."""
        return {name.strip() for name in self.required.split(",") if name.strip()}


class Page:
    """The parts, and what each has answered last."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._last: dict[str, str] = {}
        self._parts = Counter(
            "parts", "Parts of pages, by how they came", ("part", "outcome"), registry=ctx.metrics
        )
        for callee in ctx.callees:
            for outcome in ("good", "stale", "missing"):
                self._parts.labels(callee, outcome)  # So that each begins at 0.

    async def made(self) -> dict[str, str | None]:
        """Ask for all parts; None stands for one that there is not."""
        callees = self._ctx.callees
        if self._ctx.settings.in_turn:
            found = [await self._part(callee) for callee in callees]
        else:
            found = await asyncio.gather(*map(self._part, callees))
        return dict(zip(callees, found, strict=True))

    async def _part(self, callee: str) -> str | None:
        try:
            for _ in range(self._ctx.settings.rounds):
                self._last[callee] = await self._ask(callee)
        except (*NO_ANSWER, Failed):
            fallback = self._last.get(callee) if self._ctx.settings.stale else None
            self._parts.labels(callee, "missing" if fallback is None else "stale").inc()
            return fallback
        self._parts.labels(callee, "good").inc()
        return self._last[callee]

    async def _ask(self, callee: str) -> str:
        answer = await self._outgoing.request(
            "GET", callee, timeout_ms=self._ctx.settings.timeout_ms
        )
        if not answer.ok:
            raise Failed(answer)
        return answer.text.strip()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: the parts by their names, a dash for one that is missing; 502 if required."""
    page = Page(ctx)

    async def show(_: web.Request) -> web.Response:
        parts = await page.made()
        lacking = sorted(name for name in ctx.settings.needed() if parts.get(name) is None)
        if lacking:
            return web.Response(status=BAD, text=f"no {', '.join(lacking)}\n")
        lines = (f"{name}: {text or '-'}\n" for name, text in parts.items())
        return web.Response(text="".join(lines))

    application = web.Application()
    application.router.add_get("/", show)
    return application
