"""The simulated network: every host's listening sockets, and the links between hosts."""

import asyncio
import contextvars
import itertools
from collections.abc import Callable, Mapping

from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.link import Accept, SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.pipe import Pipe
from harness.engines.sim.process import PROCESS, Process
from harness.engines.sim.sockets import Socket
from harness.errors import LabError

PROXY = "toxiproxy"
"""The only peer that a server sees, on containers too: a link's proxy connects in its own name."""

EPHEMERAL = range(32768, 61000)
"""The ports that Linux gives to the calling end of a connection."""

NO_SOCKET = "a socket of its own: a simulated host has none, name a host and a port instead"

REFUSED_OPTIONS: Mapping[str, str] = {
    "ssl": "TLS: links carry plain TCP, use http://",
    "sock": NO_SOCKET,
    "local_addr": "an address of its own: a simulated host has one, leave local_addr out",
}
"""Options of a connection or server that are refused, and what to do instead."""

CLIENT_OPTIONS = frozenset(
    {
        "family", "proto", "flags", "server_hostname", "ssl_handshake_timeout",
        "ssl_shutdown_timeout", "happy_eyeballs_delay", "interleave", "all_errors",
    }
)  # fmt: skip
SERVER_OPTIONS = frozenset(
    {
        "family", "flags", "reuse_address", "reuse_port", "keep_alive", "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
    }
)  # fmt: skip
"""Options that have nothing to act on: there is one address, no resolver and no TLS."""


class Listener(Accept):
    """A listening socket: what the kernel has accepted and the process has not yet."""

    def __init__(
        self,
        loop: VirtualLoop,
        process: Process,
        port: int,
        factory: Callable[[], asyncio.BaseProtocol],
        backlog: int,
    ) -> None:
        self._loop = loop
        self._process = process
        self._address = (process.host, port)
        self._factory = factory
        self._backlog = backlog
        self._context = contextvars.copy_context()
        self._waiting = 0

    def full(self) -> bool:
        """Say whether the kernel drops further connects for now."""
        return self._waiting > self._backlog

    def accept(self, up: Pipe, down: Pipe, port: int) -> Endpoint:
        """Finish the handshake; the process learns of it when it runs."""
        context = self._context.copy()
        names = {"sockname": self._address, "peername": (PROXY, port)}
        server = Endpoint(self._loop, self._process, context, names)
        server.pipe, server.inbound = down, up
        self._waiting += 1
        self._loop.call_soon(self._accepted, server, context=context)
        return server

    def _accepted(self, server: Endpoint) -> None:
        self._waiting -= 1
        try:
            server.attach(self._factory)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's own servers do
            # The connection is closed, and without debug mode asyncio says no more of it.
            if self._loop.get_debug():
                self._loop.call_exception_handler(
                    {
                        "message": "Error on transport creation for incoming connection",
                        "exception": error,
                    }
                )


class Server(asyncio.AbstractServer):
    """What `loop.create_server` gives: a way to serve, and to stop it; asyncio's `Server`."""

    def __init__(self, loop: VirtualLoop, process: Process, port: int, listener: Listener) -> None:
        self._loop = loop
        self._process = process
        self._port = port
        self._listener = listener
        self._closed = False
        self._forever: asyncio.Future[None] | None = None

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """The listening socket, which knows its address; none once it is closed."""
        return () if self._closed else (Socket((self._process.host, self._port)),)

    def close(self) -> None:
        """Stop listening; connections that were accepted stay."""
        if self._closed:
            return
        self._closed = True
        if self.is_serving():
            del self._process.listeners[self._port]
        if self._forever is not None:
            self._forever.cancel()

    async def wait_closed(self) -> None:
        """Return at once: the kernel has nothing to wait for."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Give the loop in which the server runs."""
        return self._loop

    async def start_serving(self) -> None:
        """Accept connects, if it does not do so yet.

        Raises:
            OSError: the port is taken.
            RuntimeError: it is closed.

        """
        if self._closed:
            raise RuntimeError(f"server {self!r} is closed")
        if not self.is_serving():
            _refuse_taken(self._process, self._port)
            self._process.listeners[self._port] = self._listener

    async def serve_forever(self) -> None:
        """Serve until the server is closed, or the caller cancelled, which closes it.

        Raises:
            RuntimeError: it is closed, or somebody else serves it already.

        """
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        await self.start_serving()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._forever = None

    def is_serving(self) -> bool:
        """Say whether connects are accepted."""
        return self._process.listeners.get(self._port) is self._listener


class Turns:
    """The hosts behind a callee's name, as one proxy dials them: in turn, the first one first."""

    def __init__(self, hosts: tuple[str, ...], processes: Mapping[str, Process]) -> None:
        self._hosts = hosts
        self._processes = processes

    def listener(self, port: int) -> Listener | None:
        """Give the next host's listener, passing over hosts that refuse; None when all do."""
        for turn, host in enumerate(self._hosts, start=1):
            process = self._processes.get(host)  # None until the host has begun to start.
            listener = process.listeners.get(port) if process else None
            if listener is None:
                continue
            # The proxy stays with a host whose queue is full, and asks again.
            if not listener.full():
                self._hosts = self._hosts[turn:] + self._hosts[:turn]
            return listener
        return None


class Network:
    """Every host's listeners, and the links between them.

    `behind` gives the hosts that answer to a callee's name; without it, each has a name of its own.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        links: list[SimLink],
        behind: Callable[[str], tuple[str, ...]] = lambda name: (name,),
    ) -> None:
        self._loop = loop
        self._links = {(link.caller, link.callee): link for link in links}
        self.processes: dict[str, Process] = {}
        self._turns = {
            key: Turns(behind(link.callee), self.processes) for key, link in self._links.items()
        }
        self._ports = itertools.cycle(EPHEMERAL)
        loop.create_connection_hook = self.create_connection
        loop.create_server_hook = self.create_server

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,  # noqa: ARG002 - a simulated host has one address
        port: int = 0,
        *,
        backlog: int = 100,
        start_serving: bool = True,
        **options: object,
    ) -> Server:
        """Listen in the name of the process that asks.

        Raises:
            LabError: TLS, or a socket of its own, is asked for.
            OSError: the port is taken.
            TypeError: asyncio knows no such option either.

        """
        process = _current()
        _refuse(process, options, SERVER_OPTIONS)
        port = port or next(self._ports)
        _refuse_taken(process, port)
        listener = Listener(self._loop, process, port, protocol_factory, backlog)
        server = Server(self._loop, process, port, listener)
        if start_serving:
            await server.start_serving()
        return server

    async def create_connection(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        **options: object,
    ) -> tuple[Endpoint, asyncio.BaseProtocol]:
        """Connect the process that asks to a host that it may call; takes one round trip.

        Raises:
            LabError: the lab has no such edge, or TLS or a socket of its own is asked for.
            OSError: the link is down, or does not answer.
            TypeError: asyncio knows no such option either.

        """
        process = _current()
        _refuse(process, options, CLIENT_OPTIONS)
        if host is None or port is None:
            raise ValueError("host and port was not specified and no sock specified")
        link = self._links.get((process.host, host))
        if link is None:
            raise LabError(f"{process.host} may not call {host}: add it to calls=")
        await link.connect()
        names = {"sockname": (process.host, next(self._ports)), "peername": (host, port)}
        client = Endpoint(self._loop, process, contextvars.copy_context(), names)
        turns = self._turns[process.host, host]
        link.dial(self._loop, client, lambda: turns.listener(port))
        return client, client.attach(protocol_factory)

    def links(self) -> list[str]:
        """Give the names of all links, in the lab's order."""
        return [link.name for link in self._links.values()]

    def link(self, name: str) -> SimLink:
        """Find a link by its name, `caller->callee`.

        Raises:
            KeyError: there is none.

        """
        return {link.name: link for link in self._links.values()}[name]


def _current() -> Process:
    process = PROCESS.get()
    assert process is not None
    return process


def _refuse_taken(process: Process, port: int) -> None:
    if port in process.listeners:
        raise OSError(98, f"{process.host}: port {port} is in use")


def _refuse(process: Process, options: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse what changes what a connection is; ignore options that have nothing to act on."""
    for name, value in options.items():
        if name in REFUSED_OPTIONS and value not in (None, False):
            raise LabError(f"{process.host} asks for {REFUSED_OPTIONS[name]}")
        if name not in known and name not in REFUSED_OPTIONS:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
