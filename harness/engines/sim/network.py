"""The simulated network: links that behave as a Toxiproxy between caller and callee.

A link's connect succeeds as long as the proxy listens, whatever the callee does; the proxy then
dials the callee, one connection after the other, and passes bytes on both ways after the link's
delay. What one side closes or resets, the other sees as an end of file.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import PROCESS, Process
from harness.errors import LabError

WINDOW_BYTES = 256 * 1024
"""How much a sender may have on the way before its `drain` waits; resumes at a quarter."""

SYN_RETRY_S = 1.0
"""Linux's first retransmission of a connect that found the callee's queue full; then doubled."""


class Endpoint(asyncio.Transport):
    """One end of a connection, as an asyncio transport and as the kernel's socket behind it."""

    __slots__ = (
        "_closing", "_context", "_ended", "_loop", "_outstanding", "_process", "_protocol",
        "_reading", "_received", "_waking", "_write_paused", "dial", "peer", "pipe",
    )  # fmt: skip

    peer: "Endpoint"

    def __init__(self, loop: VirtualLoop, process: Process, context: contextvars.Context) -> None:
        super().__init__()
        self._loop = loop
        self._process = process
        self._context = context
        self._protocol: asyncio.Protocol | None = None
        self._received: deque[bytes] = deque()
        self._ended = False
        self._closing = False
        self._reading = True
        self._waking = False
        self._outstanding = 0
        self._write_paused = False
        self.pipe: Pipe | None = None
        process.endpoints[self] = None

    def attach(self, factory: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Make the protocol and tell it of the connection, in the process's own context."""
        self._protocol = protocol = factory()
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
        if self._write_paused and self._outstanding <= WINDOW_BYTES // 4:
            self._write_paused = False
            if self._protocol is not None:
                self._loop.call_soon(self._protocol.resume_writing, context=self._context)

    def cut(self) -> None:
        """Close the socket of a process that was killed: no callback of it runs."""
        self._closing = True
        if self.pipe:
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
            self.peer.acknowledge(len(data))
            protocol.data_received(data)
            # As with a selector, what comes next is read in the next round.
            if self._ended:
                self._wake()
        elif self._ended and not protocol.eof_received():
            self.close()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; they are lost when the connection is closing."""
        if self._closing or not data or self.pipe is None:
            return
        self.pipe.send(bytes(data))
        self._outstanding += len(data)
        if (
            self._outstanding > WINDOW_BYTES
            and not self._write_paused
            and self._protocol is not None
        ):
            self._write_paused = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: "list[bytes]") -> None:  # type: ignore[override]
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Close: what was written still arrives, then the peer sees the end."""
        if self._closing:
            return
        self._closing = True
        self._process.endpoints.pop(self, None)
        if self.pipe:
            self.pipe.end()
        if self._protocol is not None:
            self._loop.call_soon(self._protocol.connection_lost, None, context=self._context)

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

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol, as an upgrade does."""
        assert isinstance(protocol, asyncio.Protocol)  # noqa: S101 - buffered ones are not offered
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol that reads this end."""
        assert self._protocol is not None  # noqa: S101 - there is one once it is connected
        return self._protocol


class Pipe:
    """One direction of a connection: bytes leave in order and arrive after the link's delay."""

    __slots__ = ("_backlog", "_delay_s", "_loop", "_open", "_to")

    def __init__(self, loop: VirtualLoop, to: Endpoint | None, delay_s: float) -> None:
        self._loop = loop
        self._delay_s = delay_s
        self._to = to
        self._backlog: list[bytes | None] = []
        self._open = True

    def send(self, data: bytes) -> None:
        """Put bytes on the wire, or let the proxy keep them until the callee is dialled."""
        if self._to is None:
            self._backlog.append(data)
        else:
            self._loop.call_later(self._delay_s, self._to.arrive, data, context=KERNEL)

    def end(self) -> None:
        """Put the end of file behind the bytes."""
        if self._to is None:
            self._backlog.append(None)
        elif self._open:
            self._open = False
            self._loop.call_later(self._delay_s, self._to.arrive_end, context=KERNEL)

    def connect(self, to: Endpoint) -> None:
        """Let what the proxy kept go on to the callee."""
        self._to = to
        for data in self._backlog:
            if data is None:
                self.end()
            else:
                self.send(data)
        self._backlog.clear()


KERNEL = contextvars.Context()
"""The context of what no process does: it is never held."""


class Listener:
    """A listening socket: what the kernel has accepted and the process has not yet."""

    def __init__(
        self,
        loop: VirtualLoop,
        process: Process,
        factory: Callable[[], asyncio.Protocol],
        backlog: int,
    ) -> None:
        self._loop = loop
        self._process = process
        self._factory = factory
        self._backlog = backlog
        self._context = contextvars.copy_context()
        self._waiting = 0

    def full(self) -> bool:
        """Say whether the kernel drops further connects for now."""
        return self._waiting > self._backlog

    def accept(self, client: Endpoint, delay_s: float) -> Endpoint:
        """Finish the handshake; the process learns of it when it runs."""
        context = self._context.copy()
        server = Endpoint(self._loop, self._process, context)
        server.peer, client.peer = client, server
        server.pipe = Pipe(self._loop, client, delay_s)
        self._waiting += 1
        self._loop.call_soon(self._accepted, server, context=context)
        return server

    def _accepted(self, server: Endpoint) -> None:
        self._waiting -= 1
        server.attach(self._factory)


class Server(asyncio.AbstractServer):
    """What `loop.create_server` gives: a way to stop listening."""

    def __init__(self, process: Process, port: int) -> None:
        self._process = process
        self._port = port
        self.sockets: tuple[object, ...] = ()

    def close(self) -> None:
        """Stop listening; connections that were accepted stay."""
        self._process.listeners.pop(self._port, None)

    async def wait_closed(self) -> None:
        """Return at once: the kernel has nothing to wait for."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Give the loop in which the server runs."""
        return asyncio.get_running_loop()

    async def start_serving(self) -> None:
        """Do nothing: a simulated server serves from its making on."""

    async def serve_forever(self) -> None:
        """Wait until cancelled."""
        await asyncio.get_running_loop().create_future()

    def is_serving(self) -> bool:
        """Say whether connects are accepted."""
        return self._port in self._process.listeners


@dataclass(eq=False, slots=True)
class SimLink:
    """A proxied edge; `delay_s` is one way, from caller to callee."""

    caller: str
    callee: str
    delay_s: float
    dials: "deque[Endpoint]" = field(default_factory=deque)


class Network:
    """Every host's listeners, and the links between them."""

    def __init__(self, loop: VirtualLoop, links: list[SimLink]) -> None:
        self._loop = loop
        self._links = {(link.caller, link.callee): link for link in links}
        self.processes: dict[str, Process] = {}
        loop.create_connection_hook = self.create_connection
        loop.create_server_hook = self.create_server

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.Protocol],
        host: str | None = None,  # noqa: ARG002 - a simulated host has one address
        port: int = 0,
        *,
        backlog: int = 100,
        **_: object,
    ) -> Server:
        """Listen in the name of the process that asks.

        Raises:
            OSError: the port is taken.

        """
        process = _current()
        if port in process.listeners:
            raise OSError(98, f"{process.host}: port {port} is in use")
        process.listeners[port] = Listener(self._loop, process, protocol_factory, backlog)
        return Server(process, port)

    async def create_connection(
        self,
        protocol_factory: Callable[[], asyncio.Protocol],
        host: str,
        port: int,
        **_: object,
    ) -> tuple[Endpoint, asyncio.Protocol]:
        """Connect the process that asks to a host that it may call; takes one round trip.

        Raises:
            LabError: the lab has no such edge.

        """
        process = _current()
        link = self._links.get((process.host, host))
        if link is None:
            raise LabError(f"{process.host} may not call {host}: add it to calls=")
        await asyncio.sleep(link.delay_s)
        client = Endpoint(self._loop, process, contextvars.copy_context())
        client.pipe = Pipe(self._loop, None, link.delay_s)
        link.dials.append(client)
        if len(link.dials) == 1:
            self._dial(link, port, SYN_RETRY_S)
        return client, client.attach(protocol_factory)

    def _dial(self, link: SimLink, port: int, retry_s: float) -> None:
        """Dial for the first client in the proxy's queue; those behind it wait."""
        listener = self.processes[link.callee].listeners.get(port)
        if listener and listener.full():
            self._loop.call_later(retry_s, self._dial, link, port, 2 * retry_s, context=KERNEL)
            return
        client = link.dials.popleft()
        if listener is None:
            client.arrive_end()
        else:
            assert client.pipe is not None  # noqa: S101 - made with the client
            client.pipe.connect(listener.accept(client, link.delay_s))
        if link.dials:
            self._dial(link, port, SYN_RETRY_S)


def _current() -> Process:
    process = PROCESS.get()
    assert process is not None  # noqa: S101 - only processes of hosts open sockets
    return process
