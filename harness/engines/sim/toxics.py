"""Toxiproxy's toxics, one small class each, as they act on the chunks of one direction.

Each runs as Toxiproxy's own does: it takes a chunk, waits, sends it on, and is interrupted when
the toxics of its link change. Behaviour follows Toxiproxy 2.12's `toxics` package; the
conformance suite holds both against the same assertions.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from harness.engines.sim.loop import VirtualLoop
from harness.model.fault import ToxicSpec

SLICE_MS = 100
"""Toxiproxy's `bandwidth` sends large chunks in pieces of this long."""


@dataclass(slots=True)
class Chunk:
    """Bytes, and the virtual time at which they entered the proxy or left the last toxic."""

    data: bytes
    at_s: float


class Interrupted(Exception):  # noqa: N818 - a signal, not an error
    """The toxic was taken off: send on what is held and end."""


class Stub:
    """Where a toxic stands: what comes in, what goes out, and a sleep that can be interrupted."""

    def __init__(self, loop: VirtualLoop, rng: random.Random) -> None:
        self.rng = rng
        self.loop = loop
        self.send: Callable[[Chunk | None], None]
        self.drop: Callable[[Chunk], None]
        self._input: deque[Chunk | None] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._removed = False
        self._passing = False

    def feed(self, chunk: Chunk | None) -> None:
        """Take a chunk, or None for the end of the stream."""
        if self._passing:
            self.send(chunk)
            return
        self._input.append(chunk)
        self._wake()

    async def read(self) -> Chunk | None:
        """Give the next chunk, None at the end of the stream.

        Raises:
            Interrupted: the toxic was taken off.

        """
        while not self._input:
            await self._wait(None)
        return self._input.popleft()

    async def sleep(self, delay_s: float) -> None:
        """Wait, whatever comes in.

        Raises:
            Interrupted: the toxic was taken off.

        """
        until_s = self.loop.time() + delay_s
        while self.loop.time() < until_s:
            await self._wait(until_s)

    def close(self) -> None:
        """End the stream towards its destination; what is still held is lost."""
        self.send(None)

    def interrupt(self) -> None:
        """Take the toxic off."""
        self._removed = True
        self._wake()

    def flush(self) -> None:
        """Send on what was waiting, and from now on whatever comes, as it comes."""
        self._passing = True
        while self._input:
            self.send(self._input.popleft())

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, until_s: float | None) -> None:
        if self._removed:
            raise Interrupted
        self._waiter = self.loop.create_future()
        timer = self.loop.call_at(until_s, self._wake) if until_s is not None else None
        await self._waiter
        if timer:
            timer.cancel()
        if self._removed:
            raise Interrupted


@dataclass(slots=True)
class Toxic:
    """What a toxic does to one direction of one connection, by Toxiproxy's attributes."""

    attributes: Mapping[str, int]

    closes_on_removal: ClassVar[bool] = False

    async def pipe(self, stub: Stub) -> None:
        """Pass chunks on until the stream ends.

        Raises:
            Interrupted: the toxic was taken off.

        """
        raise NotImplementedError

    def __getitem__(self, name: str) -> int:
        return self.attributes.get(name, 0)


class Latency(Toxic):
    """Each chunk leaves `latency` ± `jitter` ms after it came in, in order."""

    async def pipe(self, stub: Stub) -> None:
        """Delay chunks until the stream ends."""
        while (chunk := await stub.read()) is not None:
            delay_s = self._delay_ms(stub.rng) / 1000
            try:
                await stub.sleep(chunk.at_s + delay_s - stub.loop.time())
            finally:
                stub.send(Chunk(chunk.data, max(chunk.at_s + delay_s, stub.loop.time())))
        stub.close()

    def _delay_ms(self, rng: random.Random) -> int:
        jitter = self["jitter"]
        return self["latency"] + (rng.randrange(2 * jitter) - jitter if jitter else 0)


class Bandwidth(Toxic):
    """At most `rate` KB a second, in pieces of 100 ms; a rate of 0 lets nothing through."""

    async def pipe(self, stub: Stub) -> None:
        """Slow chunks down until the stream ends."""
        rate = self["rate"]
        piece = rate * SLICE_MS
        while (chunk := await stub.read()) is not None:
            data = chunk.data
            try:
                while len(data) > piece:
                    await stub.sleep(SLICE_MS / 1000)
                    if piece:
                        stub.send(Chunk(data[:piece], stub.loop.time()))
                        data = data[piece:]
                await stub.sleep(len(data) / rate / 1000)
            finally:
                stub.send(Chunk(data, stub.loop.time()))
        stub.close()


class SlowClose(Toxic):
    """The end of the stream comes `delay` ms late."""

    async def pipe(self, stub: Stub) -> None:
        """Pass chunks on, then wait before closing."""
        while (chunk := await stub.read()) is not None:
            stub.send(chunk)
        try:
            await stub.sleep(self["delay"] / 1000)
        finally:
            stub.close()


class Timeout(Toxic):
    """Data is dropped; after `timeout` ms without any the connection closes, at 0 never."""

    closes_on_removal = True

    async def pipe(self, stub: Stub) -> None:
        """Drop chunks until the timer ends the stream."""
        timeout_s = self["timeout"] / 1000 or None
        chunk: Chunk | None
        while True:
            try:
                async with asyncio.timeout(timeout_s):
                    chunk = await stub.read()
            except TimeoutError:
                chunk = None
            if chunk is None:
                stub.close()
                return
            stub.drop(chunk)


class ResetPeer(Toxic):
    """`timeout` ms after the first chunk the connection ends."""

    async def pipe(self, stub: Stub) -> None:
        """Wait for data, then for the time, then end the stream."""
        await stub.read()
        await asyncio.sleep(self["timeout"] / 1000)
        stub.close()


class Slicer(Toxic):
    """Chunks are cut into pieces of `average_size` ± `size_variation`, `delay` µs apart."""

    async def pipe(self, stub: Stub) -> None:
        """Cut chunks up until the stream ends."""
        while (chunk := await stub.read()) is not None:
            cuts = self._cuts(0, len(chunk.data), stub.rng)
            sent = 0
            try:
                for cut in cuts:
                    stub.send(Chunk(chunk.data[sent:cut], stub.loop.time()))
                    sent = cut
                    await stub.sleep(self["delay"] / 1_000_000)
            finally:
                if sent < len(chunk.data):
                    stub.send(Chunk(chunk.data[sent:], stub.loop.time()))
        stub.close()

    def _cuts(self, start: int, end: int, rng: random.Random) -> list[int]:
        average, variation = self["average_size"], self["size_variation"]
        if end - start - average <= variation:
            return [end]
        middle = start + (end - start) // 2
        if variation:
            middle += rng.randrange(2 * variation) - variation
        return self._cuts(start, middle, rng) + self._cuts(middle, end, rng)


class LimitData(Toxic):
    """After `bytes` bytes the connection ends."""

    async def pipe(self, stub: Stub) -> None:
        """Pass bytes on until there were enough."""
        left = self["bytes"]
        while left > 0 and (chunk := await stub.read()) is not None:
            stub.send(Chunk(chunk.data[:left], stub.loop.time()))
            left -= len(chunk.data)
        stub.close()


KINDS: Mapping[str, type[Toxic]] = {
    "latency": Latency,
    "bandwidth": Bandwidth,
    "slow_close": SlowClose,
    "timeout": Timeout,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "limit_data": LimitData,
}
"""What each of Toxiproxy's toxic types is called there, and what it does."""


def make(toxic: ToxicSpec) -> Toxic:
    """Make what acts for a toxic on one direction of one connection."""
    return KINDS[toxic.type](toxic.attributes)
