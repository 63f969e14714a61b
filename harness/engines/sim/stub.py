"""Where a toxic stands in one direction of a connection: its queue, its clock, its interruption.

A toxic is a coroutine that its stub runs itself, without the event loop: whatever changes for it
(a chunk, the time, room behind it) resumes it at once, and an interruption returns when the toxic
has sent on what it held. So the toxics of a link can be changed within one callback.
"""

import random
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, Self

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import KERNEL

if TYPE_CHECKING:
    import asyncio


class Chunk(NamedTuple):
    """Bytes, the virtual time at which they entered the proxy, and their place in the stream."""

    data: bytes
    at_s: float
    start: int

    def at(self, at_s: float) -> "Chunk":
        """Give the same bytes with another time."""
        return Chunk(self.data, at_s, self.start)

    def split(self, size: int) -> "tuple[Chunk, Chunk]":
        """Give the first bytes, and the rest; either may be empty."""
        return (
            Chunk(self.data[:size], self.at_s, self.start),
            Chunk(self.data[size:], self.at_s, self.start + len(self.data[:size])),
        )


class Interrupted(Exception):  # noqa: N818 - a signal, not an error
    """The toxics of the link are being changed: send on what is held, and end."""


class Outlet(Protocol):
    """What a stub sends to: the next stub, or the socket behind the proxy."""

    def room(self) -> bool:
        """Say whether it takes another chunk now."""

    def feed(self, chunk: Chunk | None) -> None:
        """Take a chunk, or None for the end of the stream; also when there is no room."""


class Waits(Enum):
    """What a toxic waits for, beside its timer."""

    NOTHING = auto()
    CHUNK = auto()
    ROOM = auto()


class Acting(Protocol):
    """A toxic, as its stub runs it."""

    closes_on_removal: ClassVar[bool]
    buffered_chunks: ClassVar[int]

    async def pipe(self, stub: "Stub") -> None:
        """Pass chunks on until the stream ends."""


class Stub:
    """Runs a toxic on the chunks of one direction, or passes them on if it is not drawn.

    `refill` is called when the stub has room again, for whoever is before it, who may hold some
    chunks ready beside the toxic's own queue: `at_hand_chunks`.
    """

    def __init__(  # noqa: PLR0913 - a value would be made and taken apart for each connection
        self,
        loop: VirtualLoop,
        rng: random.Random,
        acting: Acting,
        outlet: Outlet,
        *,
        toxicity: float,
        refill: Callable[[], None],
        at_hand_chunks: int,
    ) -> None:
        self.rng = rng
        self.time = loop.time
        self.acting = acting
        self.outlet = outlet
        self.refill = refill
        self.passed_bytes = 0
        self.held_bytes = 0
        self.dropped_bytes = 0
        self.deaf = False
        self.closed = False
        self._loop = loop
        self._toxicity = toxicity
        self._input: deque[Chunk | None] = deque()
        self._room_chunks = acting.buffered_chunks + at_hand_chunks
        self._coroutine: Coroutine[None, None, None] | None = None
        self._waits = Waits.NOTHING
        self._resuming = False
        self._again = False
        self._leaving = False
        self._stopped = True

    # For whoever is before it, and for the link.

    def room(self) -> bool:
        """Say whether another chunk fits into the queue."""
        if self.closed:
            return False
        if len(self._input) < self._room_chunks:
            return True
        return not self._input and (self._waits is Waits.CHUNK or self._passes_on())

    def feed(self, chunk: Chunk | None) -> None:
        """Take a chunk, or None for the end of the stream."""
        if chunk is not None:
            self.held_bytes += len(chunk.data)
            if self.closed:
                self.drop(chunk)
                return
        self._input.append(chunk)
        if self._coroutine is None or self._waits is Waits.CHUNK:
            self._resume()

    def go_on(self) -> None:
        """Learn that there is room behind."""
        if self._coroutine is None or self._waits is Waits.ROOM:
            self._resume()

    def start(self) -> Self:
        """Draw whether the toxic acts on this connection, until it is interrupted."""
        assert self._coroutine is None
        self._stopped = False
        if self.rng.random() < self._toxicity and not self.closed:
            self._coroutine = self.acting.pipe(self)
        self._resume()
        return self

    def interrupt(self) -> bool:
        """End the toxic, which sends on what it holds; False when the stream ends here anyway."""
        if self.closed or self.deaf:
            return False
        self._stopped = True
        self._stop()
        return True

    def flush(self) -> None:
        """Send on what waits, whether or not there is room."""
        while self._input:
            self._pass(self._input.popleft())

    def discard(self) -> None:
        """End the toxic and lose what it holds: the connection has ended behind it."""
        self.closed = True
        self._stop()
        self._lose()

    # For the toxic.

    async def read(self, limit_s: float | None = None) -> Chunk | None:
        """Give the next chunk; None, and None again, at the end of the stream.

        Raises:
            Interrupted: the toxics of the link are being changed.
            TimeoutError: nothing came within the limit.

        """
        until_s = None if limit_s is None else self.time() + limit_s
        while not self._input:
            assert self.held_bytes == 0, "a toxic has kept bytes that it neither sent nor dropped"
            await self._wait(Waits.CHUNK, until_s)
            if not self._input and until_s is not None and self.time() >= until_s:
                raise TimeoutError
        return None if self._input[0] is None else self._input.popleft()

    async def sleep(self, delay_s: float) -> None:
        """Wait, whatever comes in.

        Raises:
            Interrupted: the toxics of the link are being changed.

        """
        until_s = self.time() + delay_s
        while self.time() < until_s:
            await self._wait(Waits.NOTHING, until_s)

    async def interruption(self) -> None:
        """Wait for nothing else.

        Raises:
            Interrupted: the toxics of the link are being changed.

        """
        while True:
            await self._wait(Waits.NOTHING)

    async def send(self, chunk: Chunk) -> None:
        """Send a chunk on when there is room for it; when interrupted before, all the same.

        Raises:
            Interrupted: the toxics of the link are being changed.

        """
        try:
            while not (self._leaving or self.outlet.room()):
                await self._wait(Waits.ROOM)
        finally:
            self._pass(chunk)

    def drop(self, chunk: Chunk) -> None:
        """Lose a chunk."""
        self.held_bytes -= len(chunk.data)
        self.dropped_bytes += len(chunk.data)
        assert self.held_bytes >= 0, "a toxic drops more than it has taken"

    def close(self) -> None:
        """End the stream towards its destination; what is still held is lost."""
        if not self.closed:
            self.closed = True
            self.outlet.feed(None)

    def _resume(self) -> None:
        if self._resuming or self._stopped:
            self._again = True
            return
        self._resuming = True
        try:
            self._run()
        finally:
            self._resuming = False
        if self.closed:
            self._stop()
            self._lose()
        elif self.room():
            self.refill()

    def _pass(self, chunk: Chunk | None) -> None:
        if chunk is None:
            self.close()
        else:
            self.held_bytes -= len(chunk.data)
            assert self.held_bytes >= 0, "a toxic sends more than it has taken"
            self.outlet.feed(chunk)

    def _passes_on(self) -> bool:
        return self._coroutine is None and not self._stopped and self.outlet.room()

    def _run(self) -> None:
        again = True
        while again and not self.closed:
            self._again = False
            if self._coroutine is None:
                while self._input and (self._input[0] is None or self.outlet.room()):
                    self._pass(self._input.popleft())
            else:
                try:
                    self._coroutine.send(None)
                except StopIteration:
                    self._coroutine = None
            again = self._again

    def _stop(self) -> None:
        if self._coroutine is None or self._resuming:
            return
        coroutine, self._coroutine = self._coroutine, None
        self._leaving = self._resuming = True
        try:
            coroutine.throw(Interrupted())
        except (Interrupted, StopIteration):
            pass
        finally:
            self._leaving = self._resuming = False

    def _expire(self) -> None:
        assert self._coroutine is not None, "a timer of a toxic rings that has ended"
        self._resume()

    def _lose(self) -> None:
        for chunk in self._input:
            if chunk is not None:
                self.drop(chunk)
        self._input.clear()

    async def _wait(self, what: Waits, until_s: float | None = None) -> None:
        self._waits = what
        timer: asyncio.TimerHandle | None = None
        if until_s is not None:
            timer = self._loop.call_at(until_s, self._expire, context=KERNEL)
        try:
            await _pause()
        finally:
            self._waits = Waits.NOTHING
            if timer:
                timer.cancel()


@types.coroutine
def _pause() -> Generator[None]:
    yield
