"""Stage: takes messages into a queue, works on them in turn, and hands each on to the next stage.

A stage that has a next one keeps what it hands on until the next stage has taken it. So a queue
that is full stops the stage before it, whose queue becomes full in its turn: backpressure. What the
first stage does when it is full decides who hears of it. Sources: Reactive Streams (2015); Welsh,
Culler, Brewer, "SEDA" (SOSP 2001), for stages and bounded queues between them; Kung, Blackwell,
Chapman, "Credit-Based Flow Control for ATM Networks" (SIGCOMM 1994). In production: TCP's receive
window, Akka Streams, Project Reactor, gRPC's flow control; in Python `asyncio.Queue(maxsize=...)`.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.server import at_least, in_background, live
from services.tracing import CURRENT, SpanContext

BORN = "born-s"
"""The header that says when the first stage got a message, in seconds of the run."""
TAKEN, FULL = 202, web.HTTPTooManyRequests.status_code
AGAIN_S = 0.05
"""How long until a message is handed on again that the next stage has not taken."""


class WhenFull(StrEnum):
    """What happens to a message that finds the queue full."""

    WAIT = "wait"
    REFUSE = "refuse"
    DROP_OLDEST = "drop-oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How long a message takes, how many may wait, 0 for no limit, and what a full queue does.

    It lets the sender wait for its answer until there is room, refuses the message (429), or drops
    the oldest one that waits.
    """

    work_ms: float = live(5)
    queue: int = 0
    when_full: WhenFull = live(WhenFull.WAIT)

    def __post_init__(self) -> None:
        at_least(0, work_ms=self.work_ms, queue=self.queue)


@dataclass(frozen=True, slots=True)
class Message:
    """When the first stage got it, and the trace that it travels with."""

    born_s: float
    trace: SpanContext | None


class Stage:
    """The queue, the work, and the way on; the last stage says how old messages are at its end."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._next = ctx.one_callee() if ctx.callees else ""
        self._outgoing = Outgoing(ctx)
        self._waiting = asyncio.Queue[Message](ctx.settings.queue)
        registry, ends = ctx.metrics, None if self._next else ctx.metrics
        self._depth = Gauge(
            "messages_inside", "Messages that wait or are in hand", registry=registry
        )
        self._dropped = Counter("dropped", "Messages that were thrown away", registry=registry)
        self._written = Counter("written", "Messages that are done", registry=ends)
        self._age = Gauge("age_seconds", "Age of the last message that was done", registry=ends)

    async def take(self, request: web.Request) -> web.Response:
        """Take a message: 202 when it is in the queue, 429 when there is no room for it."""
        born_s = float(request.headers.get(BORN, self._ctx.now()))
        if self._waiting.full():
            match self._ctx.settings.when_full:
                case WhenFull.REFUSE:
                    return web.Response(status=FULL, text="full\n")
                case WhenFull.DROP_OLDEST:
                    self._waiting.get_nowait()
                    self._depth.dec()
                    self._dropped.inc()
                case WhenFull.WAIT:
                    pass  # `put` does
        await self._waiting.put(Message(born_s, CURRENT.get()))
        self._depth.inc()
        return web.Response(status=TAKEN, text="taken\n")

    async def work(self) -> None:
        """Work on one message after the other, for as long as the process lives."""
        loop_time = asyncio.get_running_loop().time
        ends_s = loop_time()
        while True:
            message = await self._waiting.get()
            # By the clock, so that the lateness of timers does not add up.
            ends_s = max(ends_s, loop_time()) + self._ctx.settings.work_ms / 1000
            await asyncio.sleep(ends_s - loop_time())
            if self._next:
                await self._hand_on(message)
                ends_s = loop_time()
            else:
                self._written.inc()
                self._age.set(self._ctx.now() - message.born_s)
            self._depth.dec()

    async def _hand_on(self, message: Message) -> None:
        CURRENT.set(message.trace)
        is_taken = await self._is_taken(message)
        while not is_taken:
            await asyncio.sleep(AGAIN_S)
            is_taken = await self._is_taken(message)

    async def _is_taken(self, message: Message) -> bool:
        born = {BORN: str(message.born_s)}
        try:
            answer = await self._outgoing.request("POST", self._next, timeout_ms=0, headers=born)
        except (TimeoutError, aiohttp.ClientError):
            return False
        return answer.status == TAKEN


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` and `POST /`: a message."""
    stage = Stage(ctx)
    application = web.Application()
    application.router.add_get("/", stage.take)
    application.router.add_post("/", stage.take)
    in_background(application, stage.work)
    return application
