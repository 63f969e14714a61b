"""Crowd: people who open sessions, think between their requests, try again and come back.

A load sends requests whatever happens to the earlier ones; people do not. Those who wait for an
answer ask for nothing meanwhile (closed loop), and who has lost the connection opens a new session,
often on another door and all at the same time. `people` are there all the time; `arrivals_rps` more
come, make `visits` requests and leave (open loop). Sources: Schroeder, Wierman, Harchol-Balter,
"Open Versus Closed: A Cautionary Tale" (NSDI 2006); the reconnects from Brooker, "Exponential
Backoff And Jitter" (AWS, 2015). In production, to test with: Locust's users, k6's scenarios.

Each request is a trace of its own, so `harness.measures.crowds` takes it for what a request of the
load is, on both engines.
"""

import asyncio
import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from types import MappingProxyType

import aiohttp
from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context, Exchange
from services.patterns.retry import Backoff, Jitter
from services.patterns.timeout import time_limit
from services.server import SettingError, at_least, in_background, live
from services.tracing import CURRENT, background

LOOK_S = 0.1
"""How often a crowd looks at its live settings."""
FAILED = web.HTTPInternalServerError.status_code
TOO_MANY = web.HTTPTooManyRequests.status_code


VISITOR = -1
"""The place of those who come and leave: there is always room for them."""


class Outcome(StrEnum):
    """How a request ended: well; with an answer that trying again does not change; otherwise."""

    GOOD = "good"
    REFUSED = "refused"
    AGAIN = "failed"


class Pauses(StrEnum):
    """How the time that people think lies about its mean: memoryless, or always the same."""

    EXPONENTIAL = "exponential"
    FIXED = "fixed"

    def draw_s(self, rng: random.Random, mean_ms: float) -> float:
        """Draw one pause."""
        # To the nanosecond: C libraries differ in a logarithm's last bit.
        spread = rng.expovariate(1) if self is Pauses.EXPONENTIAL else 1.0
        return round(mean_ms * spread / 1000, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many people there are, what they ask for, and what they do when they get no answer.

    A session begins with `enter`, if it is a path, and goes on with `visits` requests of `path`,
    0 for no end; in both, `{person}`, `{session}` and `{visit}` are filled in. A request is tried
    `tries` times in all, after pauses from `backoff_ms` on. When it fails all the same, the session
    is lost: its owner opens one on a door that is drawn, after pauses from `reconnect_ms` on.
    """

    people: int = live(10)
    arrivals_rps: float = live(0)
    think_ms: float = live(1000)
    pauses: Pauses = Pauses.EXPONENTIAL
    enter: str = ""
    path: str = "/"
    method: str = "GET"
    visits: int = 0
    timeout_ms: float = live(1000)
    tries: int = live(1)
    backoff_ms: float = live(100)
    reconnect_ms: float = live(100)
    cap_ms: float = live(10_000)
    jitter: Jitter = live(Jitter.FULL)

    REFUSED = MappingProxyType(
        dict.fromkeys(
            ("incoming", "outgoing"),
            "people have no guards; set tries, timeout_ms and the pauses, or guard what they visit",
        )
    )

    def __post_init__(self) -> None:
        at_least(0, people=self.people, arrivals_rps=self.arrivals_rps, visits=self.visits)
        at_least(1, tries=self.tries, timeout_ms=self.timeout_ms, think_ms=self.think_ms)
        # Without a pause, people who get nothing would ask for ever at one instant.
        at_least(1, backoff_ms=self.backoff_ms, reconnect_ms=self.reconnect_ms, cap_ms=self.cap_ms)
        if self.arrivals_rps and not self.visits:
            raise SettingError("visits is 0: people who come (arrivals_rps) would never leave")
        for name in ("enter", "path"):
            _check_path(name, getattr(self, name))


class Crowd:
    """All people of one process, and where they are."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("a crowd calls nobody; name the service to visit in calls=")
        self.ctx = ctx
        self.numbers = count()
        self.sessions = count()
        registry = ctx.metrics
        self.here = Gauge("people", "People who are there, asking or thinking", registry=registry)
        self.asked = Counter("visits", "Requests of people", ("outcome",), registry=registry)
        for outcome in Outcome:
            self.asked.labels(outcome.value)  # So that each begins at 0.
        self.opened = Counter("sessions", "Sessions that were opened", registry=registry)
        self.lost = Counter("sessions_lost", "Sessions that a failure ended", registry=registry)

    async def stay(self) -> None:
        """Keep as many people here as `people` says."""
        async with asyncio.TaskGroup() as group:
            there: list[asyncio.Task[None]] = []
            while True:
                there = [task for task in there if not task.done()]
                while len(there) < self.ctx.settings.people:
                    there.append(group.create_task(self._resident(len(there))))
                await asyncio.sleep(LOOK_S)

    async def come(self) -> None:
        """Let people come as a Poisson process; it has no memory, so a gap may be drawn anew."""
        async with asyncio.TaskGroup() as group:
            while True:
                rate_rps = self.ctx.settings.arrivals_rps
                gap_s = round(self.ctx.rng.expovariate(rate_rps), 9) if rate_rps else LOOK_S
                await asyncio.sleep(min(gap_s, LOOK_S))
                if rate_rps and gap_s <= LOOK_S:
                    group.create_task(self._visitor())

    async def _resident(self, place: int) -> None:
        """Come back for one session after another, until there are too many people."""
        person = Person(self, next(self.numbers), place)
        with self.here.track_inprogress():
            await asyncio.sleep(self.ctx.rng.uniform(0, self.ctx.settings.think_ms / 1000))
            while person.stays:
                await person.session()

    async def _visitor(self) -> None:
        with self.here.track_inprogress():
            await Person(self, next(self.numbers), VISITOR).session()


class Person:
    """One of the crowd: a door, a session, and the next thing to ask."""

    def __init__(self, crowd: Crowd, number: int, place: int) -> None:
        self._crowd = crowd
        self._ctx = crowd.ctx
        self._number = number
        self._place = place
        self._session = 0
        self._door = ""

    @property
    def stays(self) -> bool:
        """Whether there are not too many people."""
        return self._place < self._ctx.settings.people

    async def session(self) -> None:
        """Open a session and make its visits; one that is lost is opened again."""
        await self._open(lost=False)
        visit = 1
        while self.stays:
            settings = self._ctx.settings
            if await self._ask(settings.method, settings.path, visit) is Outcome.AGAIN:
                self._crowd.lost.inc()
                await self._open(lost=True)
            if visit == settings.visits:
                return
            visit += 1
            await asyncio.sleep(settings.pauses.draw_s(self._ctx.rng, settings.think_ms))

    async def _open(self, *, lost: bool) -> None:
        """Open a session on a door that is drawn, however often it takes."""
        failed = int(lost)
        pause_ms = 0.0
        while self.stays:
            if failed:
                pause_ms = await self._back_off(self._ctx.settings.reconnect_ms, failed, pause_ms)
            self._door = self._ctx.rng.choice(self._ctx.callees)
            self._session = next(self._crowd.sessions)
            enter = self._ctx.settings.enter
            if not enter or await self._ask("GET", enter, 0) is Outcome.GOOD:
                self._crowd.opened.inc()
                return
            failed += 1

    async def _ask(self, method: str, route: str, visit: int) -> Outcome:
        """Make one request, with its tries, and count how it ended."""
        # A trace for each, as requests of the load have; all tries are in it.
        CURRENT.set(background(self._ctx.span_ids.next()))
        path = route.format(person=self._number, session=self._session, visit=visit)
        attempt = 1
        pause_ms = 0.0
        while True:
            call = self._ctx.call(self._door, attempt=attempt, route=route)
            outcome = await self._try(call.request(method, path))
            if outcome is not Outcome.AGAIN or attempt >= self._ctx.settings.tries:
                self._crowd.asked.labels(outcome.value).inc()
                return outcome
            pause_ms = await self._back_off(self._ctx.settings.backoff_ms, attempt, pause_ms)
            attempt += 1

    async def _try(self, exchange: Exchange) -> Outcome:
        try:
            async with time_limit(self._ctx.settings.timeout_ms), exchange as got:
                await got.read()
        except (TimeoutError, aiohttp.ClientError):
            return Outcome.AGAIN
        if got.status >= FAILED or got.status == TOO_MANY:
            return Outcome.AGAIN
        return Outcome.GOOD if got.ok else Outcome.REFUSED

    async def _back_off(self, base_ms: float, failed: int, last_ms: float) -> float:
        """Wait before the next try, and give how long that was."""
        settings = self._ctx.settings
        pauses = Backoff(base_ms=base_ms, cap_ms=settings.cap_ms, jitter=settings.jitter)
        pause_ms = pauses.pause_ms(failed, self._ctx.rng, last_ms)
        await asyncio.sleep(pause_ms / 1000)
        return pause_ms


def _check_path(name: str, path: str) -> None:
    try:
        path.format(person=0, session=0, visit=0)
    except (LookupError, ValueError) as error:
        raise SettingError(
            f"{name} is {path!r}; it may have {{person}}, {{session}} and {{visit}} in it"
        ) from error
    if path and not path.startswith("/"):
        raise SettingError(f"{name} is {path!r}; a path begins with a slash")


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: how many people are there; what they do is in the background."""
    crowd = Crowd(ctx)

    async def people(_: web.Request) -> web.Response:
        return web.Response(text=f"{ctx.settings.people}\n")

    application = web.Application()
    application.router.add_get("/", people)
    in_background(application, crowd.stay, crowd.come)
    return application
