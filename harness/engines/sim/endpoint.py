"""One end of a connection: an asyncio transport, and the kernel's socket behind it."""

import asyncio
import contextvars
from asyncio.transports import _FlowControlMixin
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import Process, ProcessState
from harness.engines.sim.sockets import Socket

if TYPE_CHECKING:
    from harness.engines.sim.pipe import Pipe

WINDOW_BYTES = 4 * 1024 * 1024
"""What the sockets before the proxy hold, and those behind it: Linux's `tcp_wmem` at most.

Measured through Toxiproxy 2.12 on loopback, with a reader that does not read: 4.1 MB before a
`bandwidth` of 0, 8.5 MB without a toxic, 32 MiB more with a `latency`.
"""

BUFFER_BYTES = 64 * 1024
"""What asyncio lets a process buffer before its protocol is paused; it resumes at a quarter."""

READ_BYTES = 256 * 1024
"""How much asyncio reads at a time."""


class Endpoint(_FlowControlMixin):
    """One end of a connection, as an asyncio transport and as the kernel's socket behind it.

    What was written and does not fit into the sockets on the way is the process's own buffer, by
    which its protocol is paused; it is lost when the process dies or aborts.
    """

    __slots__ = (
        "_buffered", "_closing", "_context", "_ended", "_over", "_process", "_protocol", "_reading",
        "_received", "_reset", "_waking", "inbound", "pipe",
    )  # fmt: skip

    _loop: VirtualLoop
    _extra: Mapping[str, tuple[str, int]]
    pipe: "Pipe"
    inbound: "Pipe"

    def __init__(
        self,
        loop: VirtualLoop,
        process: Process,
        context: contextvars.Context,
        names: Mapping[str, tuple[str, int]],
    ) -> None:
        # What the constructors of asyncio's classes do, at a third of their cost.
        self._extra = names
        self._loop = loop
        self._protocol_paused = False
        self._high_water, self._low_water = BUFFER_BYTES, BUFFER_BYTES // 4
        self._process = process
        self._context = context
        self._protocol: asyncio.Protocol | asyncio.BufferedProtocol | None = None
        self._received: deque[bytes] = deque()
        self._ended = False
        self._reset = False
        self._closing = False
        self._over = False
        self._reading = True
        self._waking = False
        process.endpoints[self] = None

    def attach(self, factory: Callable[[], asyncio.BaseProtocol]) -> asyncio.BaseProtocol:
        """Make the protocol and tell it of the connection, in the process's own context."""
        try:
            protocol = factory()
        except BaseException:
            self._finish()
            raise
        self.set_protocol(protocol)
        self._call(protocol.connection_made, self)
        if self._received or self._ended:
            self._wake()
        return protocol

    # What the kernel does, whatever the process is doing.

    def arrive(self, data: bytes) -> None:
        """Take bytes off the wire."""
        if not self._over:
            self._received.append(data)
            self._wake()

    def arrive_end(self) -> None:
        """Take an end of file off the wire."""
        if self._ended or self._over:
            return
        self._ended = True
        if self._closing:
            # What the process has buffered can no longer be sent.
            self._finish(_gone())
        self._wake()

    def arrive_reset(self) -> None:
        """Take a reset off the wire: what has arrived can still be read, as Linux has it."""
        self._reset = True
        self.arrive_end()
        if not self._over and self.get_write_buffer_size():
            # A writer that waits is woken too, and reads no more.
            self._loop.call_soon(self._force, _gone(), context=self._context)

    def taken(self) -> None:
        """Learn that the network has taken some of what the process has buffered."""
        size = self.get_write_buffer_size()
        if (self._protocol_paused and size <= self._low_water) or (self._closing and not size):
            self._loop.call_soon(self._written, context=self._context)

    def cut(self) -> None:
        """Close the socket of a process that was killed: no callback of it runs."""
        self._closing = True
        self._hang_up()

    def _wake(self) -> None:
        if (
            not self._waking and self._reading and self._protocol is not None and not self._closing
        ):  # fmt: skip
            self._waking = True
            self._loop.call_soon(self._readable, context=self._context)

    def _hang_up(self) -> None:
        """Close the socket; unread bytes make it a reset, and what the proxy lacks is lost."""
        if self._over:
            return
        self._over = True
        keep_bytes = 0 if self._received else self.pipe.window_bytes
        self._received.clear()
        self.inbound.abandon()
        self.pipe.cut(keep_bytes)

    # What the process does, when it runs.

    def _readable(self) -> None:
        self._waking = False
        protocol = self._protocol
        if self._closing or not self._reading or protocol is None:
            return
        assert self._process.state is ProcessState.RUNNING
        if self._received:
            try:
                if self._buffered:
                    self._fill(protocol)  # type: ignore[arg-type]
                else:
                    protocol.data_received(self._take(READ_BYTES))  # type: ignore[union-attr]
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001 - as asyncio's own transports do
                self._fail(error, "data_received")
            # As with a selector, what comes next is read in the next round.
            if self._received or self._ended:
                self._wake()
        elif self._reset:
            self._force(_gone())
        elif self._ended:
            self._end(protocol)

    def _end(self, protocol: asyncio.Protocol | asyncio.BufferedProtocol) -> None:
        try:
            keep = protocol.eof_received()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's own transports do
            self._fail(error, "eof_received")
            return
        if self.get_write_buffer_size():
            # Behind a proxy there is no half-close: who sends no more does not read either.
            self._force(_gone())
        elif not keep:
            self.close()

    def _fail(self, error: BaseException, call: str) -> None:
        """Close a connection whose protocol has failed, as asyncio does."""
        if not isinstance(error, OSError):
            message = f"Fatal error: protocol.{call}() call failed."
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )
        self._force(error)

    def _call(self, callback: Callable[..., object], *args: object) -> None:
        """Call what asyncio calls from the loop: an error is reported, and ends nothing."""
        try:
            callback(*args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's own handles do
            name = getattr(callback, "__qualname__", repr(callback))
            self._loop.call_exception_handler(
                {"message": f"Exception in callback {name}", "exception": error}
            )

    def _take(self, limit: int) -> bytes:
        """Read from the socket, at most `limit` bytes."""
        received = self._received
        data = received.popleft()
        if len(data) > limit:
            received.appendleft(data[limit:])
            data = data[:limit]
        elif received:
            pieces, left = [data], limit - len(data)
            while received and len(received[0]) <= left:
                pieces.append(received.popleft())
                left -= len(pieces[-1])
            data = b"".join(pieces)
        self.inbound.acknowledge(data)
        return data

    def _fill(self, protocol: asyncio.BufferedProtocol) -> None:
        buffer = memoryview(protocol.get_buffer(-1)).cast("B")
        if not buffer:
            raise RuntimeError("get_buffer() returned an empty buffer")
        data = self._take(len(buffer))
        buffer[: len(data)] = data
        protocol.buffer_updated(len(data))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; they are lost when the connection is closed.

        Raises:
            TypeError: it is something else.

        """
        if not isinstance(data, bytes):
            data = _bytes(data)
        if self._over or not data:
            return
        if self._ended and not self._received:
            # Behind a proxy there is no half-close: who sends no more does not read either.
            self._force(_gone())
            return
        pipe = self.pipe
        pipe.send(data, self)
        if pipe.held_bytes > pipe.window_bytes:
            self._maybe_pause_protocol()  # type: ignore[attr-defined]

    def writelines(self, list_of_data: "list[bytes]") -> None:  # type: ignore[override]
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Close: what was written still arrives, then the peer sees the end."""
        if not self._closing:
            self._closing = True
            if not self.get_write_buffer_size():
                self._finish()

    def abort(self) -> None:
        """Close at once: what the process has buffered is lost."""
        self._force(None)

    def _force(self, error: BaseException | None) -> None:
        if not self._over:
            self._closing = True
            self._finish(error)

    def _written(self) -> None:
        """Go on with what waited for the network."""
        if self._over or self._protocol is None:
            return
        if self._closing and not self.get_write_buffer_size():
            self._finish()
        self._maybe_resume_protocol()  # type: ignore[attr-defined]

    def _finish(self, error: BaseException | None = None) -> None:
        self._closing = True
        self._process.endpoints.pop(self, None)
        self._hang_up()
        self._loop.call_soon(self._lost, error, context=self._context)

    def _lost(self, error: BaseException | None) -> None:
        """Tell the protocol, and let go of all: what is closed must not keep itself alive."""
        assert self._process.state is ProcessState.RUNNING
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connection_lost(error)  # type: ignore[arg-type] # as asyncio's own

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
        """Give the bytes that were written and that the sockets on the way have not taken."""
        pipe = self.pipe
        return max(0, pipe.held_bytes - pipe.window_bytes)

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Give `peername`, `sockname` or a `socket` with their options; else the default."""
        if name == "socket":
            return Socket(super().get_extra_info("sockname"), super().get_extra_info("peername"))
        return super().get_extra_info(name, default)

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
        self._protocol = protocol  # type: ignore[assignment]
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol that reads this end; None once the connection is lost."""
        return self._protocol  # type: ignore[return-value] # as asyncio's own


def _bytes(data: object) -> bytes:
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")


def _gone() -> ConnectionResetError:
    return ConnectionResetError(104, "Connection reset by peer")
