"""Control plane: keeps the list of members, and says to each whether it is one and for how long.

Members (`services.member`) report every so often and get a lease; one that has not been heard of
for a lease is taken off. An operator's command takes members out of service; `least` and `most` are
the nets under one that has a typo in it. An answer costs more the longer the list is, so a plane
that is sized for a quiet day cannot serve the day on which all come back. Sources: Amazon, "Summary
of the Amazon DynamoDB Service Disruption" (2015) and "Summary of the Amazon S3 Service Disruption"
(2017); Weiss, Furr, "Static stability using Availability Zones" (Amazon Builders' Library). In
production: the control plane of Kubernetes, Consul, Nomad.
"""

import asyncio
import heapq
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live

OUT = "out"
REFUSED = web.HTTPConflict.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """What an answer costs, how long a lease is, and how far a command may go.

    An answer takes a worker `answer_ms`, and `each_ms` more for each member on the list. A command
    that would leave fewer than `least` members in service, or that takes out more than `most` at a
    time (0: any number), is refused.
    """

    workers: int = 4
    answer_ms: float = live(5)
    each_ms: float = live(0)
    lease_ms: float = live(2000)
    least: int = live(0)
    most: int = live(0)

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers, lease_ms=self.lease_ms)
        at_least(0, answer_ms=self.answer_ms, each_ms=self.each_ms)
        at_least(0, least=self.least, most=self.most)


class Plane:
    """The list: of whom was heard when, and who was taken out."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._heard_s: dict[str, float] = {}
        kept = ctx.volume.read(OUT)
        self._out = set(kept.decode().split()) if kept else set()
        self._free_at_s = [0.0] * ctx.settings.workers
        registry = ctx.metrics
        Gauge("members", "In service", registry=registry).set_function(
            lambda: len(self.in_service())
        )
        self.refused = Counter("commands_refused", "Commands that went too far", registry=registry)

    def in_service(self) -> list[str]:
        """Name the members that hold a lease and were not taken out, in order."""
        oldest_s = self._ctx.now() - self._ctx.settings.lease_ms / 1000
        self._heard_s = {one: at_s for one, at_s in self._heard_s.items() if at_s >= oldest_s}
        return sorted(self._heard_s.keys() - self._out)

    async def renew(self, member: str) -> dict[str, object]:
        """Give a member its lease, and the list that it works by."""
        await self._work()
        self._heard_s[member] = self._ctx.now()
        members = self.in_service()
        return {
            "in_service": member in members,
            "lease_ms": self._ctx.settings.lease_ms,
            "members": members,
        }

    def take_out(self, count: int) -> str:
        """Take the first of the members out of service; say why not, if a net holds it back."""
        settings, members = self._ctx.settings, self.in_service()
        if settings.most and count > settings.most:
            why = f"{count} at a time are more than {settings.most}"
        elif len(members) - count < settings.least:
            why = f"{len(members)} less {count} are fewer than {settings.least}"
        else:
            self._keep(self._out | set(members[:count]))
            return ""
        self.refused.inc()
        return why

    def bring_back(self) -> None:
        """Let all members serve again."""
        self._keep(set())

    def _keep(self, out: set[str]) -> None:
        self._out = out
        self._ctx.volume.write(OUT, " ".join(sorted(out)).encode())

    async def _work(self) -> None:
        settings, now_s = self._ctx.settings, asyncio.get_running_loop().time()
        cost_s = (settings.answer_ms + settings.each_ms * len(self._heard_s)) / 1000
        end_s = max(now_s, self._free_at_s[0]) + cost_s
        heapq.heapreplace(self._free_at_s, end_s)
        await asyncio.sleep(end_s - now_s)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve members and the operator.

    `PUT /leases/<member>` gives `in_service`, `lease_ms` and `members` as JSON. `POST /out/<count>`
    takes members out of service, 409 when a net holds that back; `POST /back` brings all back.
    """
    plane = Plane(ctx)

    async def renew(request: web.Request) -> web.Response:
        return web.json_response(await plane.renew(request.match_info["member"]))

    async def take_out(request: web.Request) -> web.Response:
        if why := plane.take_out(int(request.match_info["count"])):
            return web.Response(status=REFUSED, text=f"{why}\n")
        return web.Response(text="done\n")

    async def bring_back(_: web.Request) -> web.Response:
        plane.bring_back()
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_put("/leases/{member}", renew)
    application.router.add_post(r"/out/{count:\d+}", take_out)
    application.router.add_post("/back", bring_back)
    return application
