"""What members of the swarm do to each other, and what they check when they do it."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NoReturn

import aiohttp
from redis.exceptions import RedisError

from services.context import Context

LIMIT_S = 2.0
"""After what time an act is given up."""

WRONG: list[str] = []
"""What was seen in this run that must never be; whoever starts a run clears it."""

MAY_HAPPEN = (
    OSError, TimeoutError, EOFError, aiohttp.ClientError, aiohttp.http.HttpProcessingError,
    RedisError,
)  # fmt: skip
"""How calls may end in a storm."""

PATTERN = bytes((number * number >> 3) % 251 for number in range(65521))
"""As long as a prime, so that no buffer's size divides it."""


def pattern(number: int, size: int) -> bytes:
    """Give the bytes that are sent under a number: others under another one."""
    start = number * 7919 % len(PATTERN)
    turned = PATTERN[start:] + PATTERN[:start]
    return (turned * (size // len(turned) + 1))[:size]


def echoed(number: int, size: int, got: bytes | bytearray) -> bool:
    """Say whether these are the bytes of the number, and all of them."""
    return got == pattern(number, size)


async def framed(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one frame: its number, its size and its bytes."""
    number, size = struct.unpack(">II", await reader.readexactly(8))
    return number, await reader.readexactly(size)


class Wrong:
    """Takes down what must never be, with its host and time."""

    def __init__(self, ctx: Context[Any]) -> None:
        self._ctx = ctx

    def unless(self, holds: bool, text: str) -> None:  # noqa: FBT001 - as an assertion
        """Take it down unless something holds."""
        if not holds:
            WRONG.append(f"{self._ctx.now():.6f} s {self._ctx.host}: {text}")

    def blame(self, error: BaseException | None) -> None:
        """Look whether behind an error that may happen there is an assertion of the kernel."""
        while error is not None:
            self.unless(not isinstance(error, AssertionError), f"AssertionError: {error}")
            if isinstance(error, BaseExceptionGroup):
                for one in error.exceptions:
                    self.blame(one)
            error = error.__cause__ or error.__context__


class Acting:
    """What one process has done so far, and whom it may call."""

    def __init__(self, ctx: Context[Any]) -> None:
        self.ctx = ctx
        self.stores = tuple(name for name in ctx.links if name not in ctx.callees)
        self._wrong = Wrong(ctx)
        self._name = f"{ctx.host}@{ctx.now():.6f}"
        self._published = self._acknowledged = self._counted = 0
        self._publishing = asyncio.Lock()

    def callee(self, number: int) -> str:
        """Choose one by a number; itself where it may call nobody, which is refused."""
        callees = self.ctx.callees
        if not callees:
            raise ConnectionRefusedError
        return callees[number % len(callees)]

    async def http(self, callee: str, number: int, size: int, *, pieces: bool = False) -> None:
        """Post a body, as a whole or in pieces, and read it back."""
        body = pattern(number, size)
        data = self._pieces(body) if pieces else body
        path = f"/echo/{number}/{size}"
        async with self.ctx.call(callee).post(path, data=data) as response:
            got = await response.read()
        self._wrong.unless(response.status == 200, f"{path} is answered by {response.status}")  # noqa: PLR2004
        self._wrong.unless(got == body, f"body {number} comes back otherwise")

    async def _pieces(self, body: bytes) -> AsyncIterator[bytes]:
        step = max(1, len(body) // 7)
        for start in range(0, len(body), step):
            yield body[start : start + step]
            await asyncio.sleep(0.01)

    async def stream(self, callee: str, frames: int, size: int, *, late_s: float = 0) -> None:
        """Write frames into a connection, read them back, perhaps not at once, and close it."""
        reader, writer = await asyncio.open_connection(callee, 9000)
        try:
            for number in range(frames):
                frame = pattern(number, size + 37 * number)
                writer.writelines([struct.pack(">II", number, len(frame)), frame])
            await asyncio.sleep(late_s)
            await writer.drain()
            for number in range(frames):
                got = await framed(reader)
                self._wrong.unless(
                    got == (number, pattern(number, size + 37 * number)),
                    f"frame {number} comes back otherwise",
                )
        finally:
            writer.close()

    async def websocket(self, callee: str, messages: int) -> None:
        """Send messages and have each back, in order."""
        url = f"{self.ctx.links[callee]}/socket"
        async with self.ctx.session.ws_connect(url) as socket:
            for number in range(messages):
                await socket.send_bytes(pattern(number, 101 * number))
            for number in range(messages):
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    raise ConnectionResetError
                self._wrong.unless(
                    message.data == pattern(number, 101 * number), f"message {number} is another"
                )

    async def publish(self, store: str) -> None:
        """Publish a number, and up to which of them it is known that they were published."""
        async with self._publishing:
            self._published += 1
            number = self._published
            text = f"{self._name} {number} {self._acknowledged}"
            await self.ctx.redis(store).publish("swarm", text)
            self._acknowledged = number

    async def count(self, store: str) -> None:
        """Count in Redis: where it keeps what it is told, no count that it has told is lost."""
        before = self._counted
        # One that was on the way when its connection ended may fail; the second is a new one.
        try:
            now = int(await self.ctx.redis(store).incr(self.ctx.host))
        except (RedisError, OSError) as error:
            self._wrong.blame(error)
            now = int(await self.ctx.redis(store).incr(self.ctx.host))
        kept = now > before or not self.ctx.settings.persistent
        self._wrong.unless(kept, f"{store} counts {now} after {before}")
        self._counted = max(self._counted, now)

    async def disk(self) -> None:
        """Write to the disk: what was written last is there, whatever has happened since."""
        before = self.ctx.volume.read("count") or b"0"
        new = b"%d" % (int(before) + 1)
        try:
            self.ctx.volume.write("count", new)
        finally:
            there = self.ctx.volume.read("count") or b"0"
            self._wrong.unless(there in {before, new}, f"the disk has {there!r} after {before!r}")
        self._wrong.unless(there == new, "the disk has not what was written")

    async def exit(self) -> NoReturn:
        """End this process."""
        await self.ctx.exit(3)


async def _http(acting: Acting, number: int, hops: int) -> None:
    size = (0, 10, 3_000, 70_000, 300_000)[number % 5]
    await acting.http(acting.callee(hops), number, size, pieces=number % 2 == 0)


async def _stream(acting: Acting, number: int, hops: int) -> None:
    size = (0, 10, 5_000, 70_000)[number % 4]
    await acting.stream(acting.callee(hops), 1 + number % 5, size)


async def _flood(acting: Acting, number: int, hops: int) -> None:
    """Send more than the sockets on the way hold, to a reader who comes late."""
    size = (100_000, 1_000_000, 5_000_000)[number % 3]
    await acting.stream(acting.callee(hops), 2, size, late_s=0.25)


async def _websocket(acting: Acting, number: int, hops: int) -> None:
    await acting.websocket(acting.callee(hops), 1 + number % 9)


async def _work(acting: Acting, number: int, hops: int) -> None:
    """Be busy several times, each for itself."""
    works = (acting.ctx.work(acting.ctx.settings.work_ms) for _ in range(1 + (number + hops) % 3))
    await asyncio.gather(*works)


async def _hop(acting: Acting, number: int, hops: int) -> None:
    """Work, and let the callee do the same, as often as there are hops."""
    await acting.ctx.work(acting.ctx.settings.work_ms)
    if hops:
        path = f"/act/hop/{number // 3}/{hops - 1}"
        async with acting.ctx.call(acting.callee(number)).get(path) as response:
            await response.read()


def works(path: str) -> int:
    """Count how often an act works, at all hosts together, and at most."""
    found = re.fullmatch(r"/act/(work|hop)/\d+/(?P<hops>\d+)", path)
    return 0 if found is None else max(3, int(found["hops"]) + 1)


async def _cancel(acting: Acting, number: int, hops: int) -> None:
    """Give up a call after so many rounds of the loop, or so much time; then make another."""
    size = (10, 300_000)[number % 2]
    task = asyncio.create_task(
        acting.http(acting.callee(hops), number, size, pieces=number % 3 > 0)
    )
    for _ in range(number % 7):
        await asyncio.sleep(0)
    await asyncio.sleep((number % 4) * 0.000_25)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()):
        raise error
    await acting.http(acting.callee(hops), number, 10)


async def _group(acting: Acting, number: int, hops: int) -> None:
    """Do several things, of which the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for act in (_http, _stream, _websocket, _disk):
                group.create_task(act(acting, number, hops))
    except* MAY_HAPPEN as errors:
        raise ConnectionError from errors


async def _disk(acting: Acting, number: int, hops: int) -> None:
    del number, hops
    await acting.disk()


async def _publish(acting: Acting, number: int, hops: int) -> None:
    del hops
    for store in acting.stores:
        for _ in range(1 + number % 3):
            await acting.publish(store)


async def _count(acting: Acting, number: int, hops: int) -> None:
    del number, hops
    for store in acting.stores:
        await acting.count(store)


async def _exit(acting: Acting, number: int, hops: int) -> None:
    del number, hops
    await acting.exit()


Act = Callable[[Acting, int, int], Awaitable[None]]

ACTS: Mapping[str, Act] = {
    "http": _http,
    "stream": _stream,
    "flood": _flood,
    "websocket": _websocket,
    "work": _work,
    "hop": _hop,
    "cancel": _cancel,
    "group": _group,
    "disk": _disk,
    "publish": _publish,
    "count": _count,
    "exit": _exit,
}
"""What a request may ask for, by its name in the path."""
