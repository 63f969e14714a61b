"""One end of a connection: an asyncio transport, and the kernel's socket behind it."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import NoReturn, Protocol

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import Process

WINDOW_BYTES = 256 * 1024
"""How much a sender may have on the way before its `drain` waits; resumes at a quarter."""


class Wire(Protocol):
    """What an endpoint writes to."""

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""

    def end(self) -> None:
        """Put the end of file behind the bytes."""


class Endpoint(asyncio.Transport):
    """One end of a connection, as an asyncio transport and as the kernel's socket behind it."""

    __slots__ = (
        "_closing", "_context", "_deliver", "_ended", "_loop", "_outstanding", "_process",
        "_protocol", "_reading", "_received", "_reset", "_waking", "_write_paused", "peer", "pipe",
    )  # fmt: skip

    pipe: Wire

    def __init__(
        self,
        loop: VirtualLoop,
        process: Process,
        context: contextvars.Context,
        names: Mapping[str, tuple[str, int]],
    ) -> None:
        super().__init__(names)
        self.peer: Endpoint | None = None
        self._loop = loop
        self._process = process
        self._context = context
        self._protocol: asyncio.Protocol | asyncio.BufferedProtocol | None = None
        self._received: deque[bytes] = deque()
        self._ended = False
        self._reset = False
        self._closing = False
        self._reading = True
        self._waking = False
        self._outstanding = 0
        self._write_paused = False
        process.endpoints[self] = None

    def attach(self, factory: Callable[[], asyncio.BaseProtocol]) -> asyncio.BaseProtocol:
        """Make the protocol and tell it of the connection, in the process's own context."""
        protocol = factory()
        self.set_protocol(protocol)
        protocol.connection_made(self)
        if self._received or self._ended:
            self._wake()
        return protocol

    # What the kernel does, whatever the process is doing.

    def arrive(self, data: bytes) -> None:
        """Take bytes off the wire."""
        if not self._closing:
            self._received.append(data)
            self._wake()

    def arrive_end(self) -> None:
        """Take an end of file off the wire."""
        if not (self._ended or self._closing):
            self._ended = True
            self._wake()

    def acknowledge(self, size: int) -> None:
        """Learn that the peer's process has read some bytes."""
        self._outstanding -= size
        paused = self._write_paused and not self._closing
        if paused and self._outstanding <= WINDOW_BYTES // 4:
            self._write_paused = False
            self._loop.call_soon(self.get_protocol().resume_writing, context=self._context)

    def arrive_reset(self) -> None:
        """Take a reset off the wire: what has arrived and was not read is lost."""
        if not self._closing:
            self._received.clear()
            self._reset = True
            self.arrive_end()
            self._wake()

    def cut(self) -> None:
        """Close the socket of a process that was killed: no callback of it runs."""
        self._closing = True
        self.pipe.end()

    def _wake(self) -> None:
        if not self._waking and self._reading and self._protocol is not None:
            self._waking = True
            self._loop.call_soon(self._readable, context=self._context)

    # What the process does, when it runs.

    def _readable(self) -> None:
        self._waking = False
        protocol = self._protocol
        if self._closing or not self._reading or protocol is None:
            return
        received = self._received
        if received:
            data = received.popleft() if len(received) == 1 else b"".join(received)
            received.clear()
            assert self.peer is not None  # noqa: S101 - who has sent it
            self.peer.acknowledge(len(data))
            self._deliver(data)
            # As with a selector, what comes next is read in the next round.
            if self._ended:
                self._wake()
        elif self._reset:
            self._close(_gone())
        elif self._ended and (not protocol.eof_received() or self._write_paused):
            self._close(_gone() if self._write_paused else None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; they are lost when the connection is closing."""
        if self._closing or not data:
            return
        if self._ended and not self._received:
            # Behind a proxy there is no half-close: who sends no more does not read either.
            self._close(_gone())
            return
        self.pipe.send(bytes(data))
        self._outstanding += len(data)
        if self._outstanding > WINDOW_BYTES and not self._write_paused:
            self._write_paused = True
            self.get_protocol().pause_writing()

    def writelines(self, list_of_data: "list[bytes]") -> None:  # type: ignore[override]
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Close: what was written still arrives, then the peer sees the end."""
        self._close(None)

    def _close(self, error: Exception | None) -> None:
        if self._closing:
            return
        self._closing = True
        self._process.endpoints.pop(self, None)
        self.pipe.end()
        self._loop.call_soon(self._lost, error, context=self._context)

    def _lost(self, error: Exception | None) -> None:
        """Tell the protocol, and let go of all: what is closed must not keep itself alive."""
        protocol = self.get_protocol()
        self._protocol = None
        self.peer = None
        del self._deliver
        protocol.connection_lost(error)

    abort = close

    def is_closing(self) -> bool:
        """Say whether the connection is closed or about to be."""
        return self._closing

    def pause_reading(self) -> None:
        """Leave arriving bytes with the kernel."""
        self._reading = False

    def resume_reading(self) -> None:
        """Read again, first what has arrived meanwhile."""
        self._reading = True
        if self._received or self._ended:
            self._wake()

    def is_reading(self) -> bool:
        """Say whether arriving bytes are read."""
        return self._reading and not self._closing

    def get_write_buffer_size(self) -> int:
        """Give the bytes that the peer has not read yet and that are over the window."""
        return max(0, self._outstanding - WINDOW_BYTES)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Accept and ignore: the window is the network's."""

    def can_write_eof(self) -> bool:
        """Say no: Toxiproxy does not pass on a half-close."""
        return False

    def write_eof(self) -> NoReturn:
        """Refuse.

        Raises:
            NotImplementedError: always; behind Toxiproxy it would end both directions.

        """
        raise NotImplementedError("write_eof: a half-close does not pass a link; use close()")

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol, as an upgrade does."""
        assert isinstance(protocol, asyncio.Protocol | asyncio.BufferedProtocol)  # noqa: S101
        self._protocol = protocol
        self._deliver = (
            protocol.data_received
            if isinstance(protocol, asyncio.Protocol)
            else partial(_fill, protocol)
        )

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol that reads this end."""
        assert self._protocol is not None  # noqa: S101 - there is one once it is connected
        return self._protocol


def _fill(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    while data:
        buffer = memoryview(protocol.get_buffer(len(data)))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]


def _gone() -> ConnectionResetError:
    return ConnectionResetError(104, "Connection reset by peer")
