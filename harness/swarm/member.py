"""What each host of the swarm runs: a service that checks whatever it sees.

Every request names an action and a number, from which all that is done follows, so that a request
does the same whatever others a plan has. What may happen in a storm, such as a connection that
ends, is an answer like another; what must never happen is put into `WRONG`.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from harness.swarm.acts import ACTS, LIMIT_S, MAY_HAPPEN, Acting, Wrong, echoed, framed
from services.context import Context
from services.server import in_background, live

STREAM_PORT = 9000
BEAT_S = 0.5
CALLBACKS = 5
"""How many callbacks a beat asks for, which must come in the order of asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How long an act works, whether its Redis keeps what it is told, how long its queue is."""

    work_ms: float = live(1.0)
    persistent: bool = False
    backlog: int = 100


def app(ctx: Context[Settings]) -> web.Application:
    """Serve acts, echoes in three forms, and probes."""
    member = Member(ctx)
    application = web.Application()
    application.router.add_post("/echo/{number}/{size}", member.echo)
    application.router.add_get("/socket", member.socket)
    application.router.add_get("/act/{kind}/{number}/{hops}", member.act)
    application.router.add_get("/probe", member.probe)
    application.cleanup_ctx.append(member.streams)
    loops = [partial(member.listen, store) for store in member.acting.stores]
    in_background(application, member.beat, *loops)
    return application


class Member:
    """One process."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self.acting = Acting(ctx)
        self._ctx = ctx
        self._wrong = Wrong(ctx)
        self._floors: dict[str, tuple[int, int]] = {}

    async def act(self, request: web.Request) -> web.Response:
        """Do one thing to one of those that this host may call."""
        kind, number = request.match_info["kind"], int(request.match_info["number"])
        hops = int(request.match_info["hops"])
        try:
            async with asyncio.timeout(LIMIT_S):
                await ACTS[kind](self.acting, number, hops)
        except MAY_HAPPEN as error:
            self._wrong.blame(error)
            return web.Response(status=503, text=type(error).__name__)
        return web.Response(text=kind)

    async def probe(self, _: web.Request) -> web.Response:
        """Reach each that this host may call, over a connection that is new and one that is not."""
        for callee in self._ctx.callees:
            await self.acting.stream(callee, 1, 1000)
            await self.acting.http(callee, 2, 1000)
        for store in self.acting.stores:
            await self.acting.count(store)
        return web.Response(text="all reached")

    async def echo(self, request: web.Request) -> web.StreamResponse:
        """Send the body back as it comes in, and check it."""
        response = web.StreamResponse()
        got = bytearray()
        try:
            await response.prepare(request)
            async for piece in request.content.iter_any():
                got += piece
                await response.write(piece)
            await response.write_eof()
        except MAY_HAPPEN as error:
            self._gone(error, response)
            return response
        number, size = (int(request.match_info[name]) for name in ("number", "size"))
        self._wrong.unless(echoed(number, size, got), f"body {number} comes in otherwise")
        return response

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Send each message back."""
        socket = web.WebSocketResponse()
        try:
            await socket.prepare(request)
            async for message in socket:
                await socket.send_bytes(message.data)
        except MAY_HAPPEN as error:
            self._gone(error, socket)
        return socket

    def _gone(self, error: Exception, response: web.StreamResponse) -> None:
        """Say that the caller has gone, unless its answer has begun: then aiohttp sees it."""
        self._wrong.blame(error)
        if not response.prepared:
            raise ConnectionResetError from error

    async def streams(self, _: web.Application) -> AsyncIterator[None]:
        """Serve a stream of frames beside HTTP."""
        backlog = self._ctx.settings.backlog
        server = await asyncio.start_server(self._stream, None, STREAM_PORT, backlog=backlog)
        yield
        server.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                number, body = await framed(reader)
                self._wrong.unless(echoed(number, len(body), body), f"frame {number} is another")
                writer.writelines([number.to_bytes(4), len(body).to_bytes(4), body])
                await writer.drain()
        except MAY_HAPPEN as error:
            self._wrong.blame(error)
        finally:
            writer.close()

    async def beat(self) -> None:
        """See that time goes on, and that callbacks come in the order in which they are asked for.

        Some are asked for at once and some for one instant; between beats the process works, so
        that faults find it at work.
        """
        loop = asyncio.get_running_loop()
        for beat in itertools.count():
            soon: list[int] = []
            later: list[int] = []
            before_s = loop.time()
            for number in range(CALLBACKS):
                loop.call_soon(soon.append, number)
                loop.call_later(BEAT_S / 2, later.append, number)
            await asyncio.sleep(BEAT_S)
            passed_s = loop.time() - before_s
            self._wrong.unless(passed_s > BEAT_S * 0.999, f"beat {beat} took {passed_s} s")
            wanted = list(range(CALLBACKS))
            self._wrong.unless(soon == wanted, f"beat {beat}: callbacks came as {soon}")
            self._wrong.unless(later == wanted, f"beat {beat}: timers came as {later}")
            await self._ctx.work(self._ctx.settings.work_ms)

    async def listen(self, store: str) -> None:
        """Hear what is published, and see that nothing comes twice or too late."""
        while True:
            self._floors.clear()
            try:
                async with self._ctx.redis(store).pubsub() as channel:
                    await channel.subscribe("swarm")
                    async for message in channel.listen():
                        self._hear(message)
            except MAY_HAPPEN as error:
                self._wrong.blame(error)
            await asyncio.sleep(BEAT_S)

    def _hear(self, message: dict[str, object]) -> None:
        if message["type"] != "message":
            return
        sender, number, floor = str(message["data"]).split()
        highest, heard_floor = self._floors.get(sender, (0, 0))
        self._wrong.unless(int(number) > heard_floor, f"{sender} {number} comes too late")
        self._floors[sender] = max(highest, int(number)), max(heard_floor, int(floor))
