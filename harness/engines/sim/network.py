"""The simulated network: every host's listening sockets, and the links between hosts."""

import asyncio
import contextvars
import itertools
from collections.abc import Callable

from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.link import Accept, Pipe, SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import PROCESS, Process
from harness.errors import LabError

PROXY = "toxiproxy"
"""The only peer that a server sees, on containers too: a link's proxy connects in its own name."""

EPHEMERAL = range(32768, 61000)
"""The ports that Linux gives to the calling end of a connection."""


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

    def accept(self, pipe: Pipe, port: int) -> Endpoint:
        """Finish the handshake; the process learns of it when it runs."""
        context = self._context.copy()
        names = {"sockname": self._address, "peername": (PROXY, port)}
        server = Endpoint(self._loop, self._process, context, names)
        server.pipe = pipe
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


class Network:
    """Every host's listeners, and the links between them."""

    def __init__(self, loop: VirtualLoop, links: list[SimLink]) -> None:
        self._loop = loop
        self._links = {(link.caller, link.callee): link for link in links}
        self.processes: dict[str, Process] = {}
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
        ssl: object = None,
        **_: object,
    ) -> Server:
        """Listen in the name of the process that asks.

        Raises:
            LabError: TLS is asked for.
            OSError: the port is taken.

        """
        process = _current()
        _refuse_tls(process, ssl)
        port = port or next(self._ports)
        if port in process.listeners:
            raise OSError(98, f"{process.host}: port {port} is in use")
        process.listeners[port] = Listener(self._loop, process, port, protocol_factory, backlog)
        return Server(process, port)

    async def create_connection(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str,
        port: int,
        *,
        ssl: object = None,
        **_: object,
    ) -> tuple[Endpoint, asyncio.BaseProtocol]:
        """Connect the process that asks to a host that it may call; takes one round trip.

        Raises:
            LabError: the lab has no such edge, or TLS is asked for.
            OSError: the link is down, or does not answer.

        """
        process = _current()
        _refuse_tls(process, ssl)
        link = self._links.get((process.host, host))
        if link is None:
            raise LabError(f"{process.host} may not call {host}: add it to calls=")
        await link.connect()
        names = {"sockname": (process.host, next(self._ports)), "peername": (host, port)}
        client = Endpoint(self._loop, process, contextvars.copy_context(), names)
        link.dial(self._loop, client, lambda: self.processes[host].listeners.get(port))
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
    assert process is not None  # noqa: S101 - only processes of hosts open sockets
    return process


def _refuse_tls(process: Process, ssl: object) -> None:
    if ssl:
        raise LabError(f"{process.host} asks for TLS: links carry plain TCP, use http://")
