"""The simulated network: every host's listening sockets, and the links between hosts."""

import asyncio
import contextvars
import itertools
from collections.abc import Callable, Mapping

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
    assert process is not None  # noqa: S101 - only processes of hosts open sockets
    return process


def _refuse_tls(process: Process, ssl: object) -> None:
    if ssl:
        raise LabError(f"{process.host} asks for TLS: links carry plain TCP, use http://")
