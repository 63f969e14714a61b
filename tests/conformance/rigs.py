"""Two rigs for one suite: a simulated link, and a real Toxiproxy server on loopback."""

import asyncio
import contextlib
import os
import random
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import requests

from harness.engines.compose.images import reference
from harness.engines.compose.toxics import Toxiproxy, over_http
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.network import Network
from harness.engines.sim.process import Process
from harness.model.fault import ToxicSpec
from harness.model.toxic import LinkFault
from tests.ports import free_port

T = TypeVar("T")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CONNECT_LIMIT_S = 5
SERVER = "CHAOSLAB_TOXIPROXY"


class Toxics(Protocol):
    """A fault, as far as a rig needs it."""

    def toxics(self) -> Iterable[ToxicSpec]:
        """Give the toxics that make the fault."""


class Rig(Protocol):
    """A caller, a callee, and one link between them; `late_s` is how late it may be."""

    late_s: float

    def run(self, scenario: Callable[["Rig"], Awaitable[T]]) -> T:
        """Run a scenario, as the caller, on a link that starts clean."""

    async def serve(self, handler: Handler) -> None:
        """Let the callee serve each connection."""

    async def connect(self) -> Streams:
        """Connect the caller through the link."""

    def add(self, fault: Toxics) -> None:
        """Put a fault's toxics on the link."""

    def remove(self, fault: Toxics) -> None:
        """Take a fault's toxics off the link."""

    def up(self, *, up: bool) -> None:
        """Let the link listen, or not."""


class SimRig:
    """The simulated network, in virtual time: nothing is late."""

    late_s = 0.01

    def run(self, scenario: Callable[[Rig], Awaitable[T]]) -> T:
        """Run a scenario on a network of its own."""
        loop = VirtualLoop()
        self._link = SimLink("caller", "callee", 0.000_25, random.Random(1))
        network = Network(loop, [self._link])
        self._loop = loop
        self._processes = {name: Process(name, 0) for name in ("caller", "callee")}
        network.processes.update(self._processes)
        try:
            context = self._processes["caller"].context()

            async def within() -> T:
                return await scenario(self)

            return loop.run_until_complete(loop.create_task(within(), context=context))
        finally:
            loop.run_until_complete(_end_all())
            loop.close()

    async def serve(self, handler: Handler) -> None:
        """Listen as the callee."""
        context = self._processes["callee"].context()
        await self._loop.create_task(asyncio.start_server(handler, port=8080), context=context)

    async def connect(self) -> Streams:
        """Connect as the caller."""
        return await asyncio.open_connection("callee", 8080)

    def add(self, fault: Toxics) -> None:
        """Put a fault's toxics on the link."""
        for toxic in fault.toxics():
            self._link.add(toxic)

    def remove(self, fault: Toxics) -> None:
        """Take a fault's toxics off the link."""
        for toxic in fault.toxics():
            self._link.remove(toxic.name)

    def up(self, *, up: bool) -> None:
        """Let the link listen, or not."""
        self._link.set_up(up=up)


class RealRig:
    """A real Toxiproxy server, in real time on loopback."""

    late_s = 0.6

    def __init__(self, api_port: int) -> None:
        self._toxiproxy = Toxiproxy(over_http(api_port))
        self._api = f"http://127.0.0.1:{api_port}"
        self._listen = free_port()
        self._upstream = free_port()
        self._servers: list[asyncio.AbstractServer] = []

    def run(self, scenario: Callable[[Rig], Awaitable[T]]) -> T:
        """Run a scenario on a proxy of its own."""
        self._call("post", "/proxies", {"name": "link", "listen": f"127.0.0.1:{self._listen}",
                                        "upstream": f"127.0.0.1:{self._upstream}"})  # fmt: skip
        try:
            return asyncio.run(self._limited(scenario))
        finally:
            self._call("delete", "/proxies/link", None)

    async def _limited(self, scenario: Callable[[Rig], Awaitable[T]]) -> T:
        async with asyncio.timeout(30):
            result = await scenario(self)
            for server in self._servers:
                server.close()
            await _end_all()
        return result

    async def serve(self, handler: Handler) -> None:
        """Listen as the callee."""
        self._servers.append(
            await asyncio.start_server(handler, host="127.0.0.1", port=self._upstream)
        )

    async def connect(self) -> Streams:
        """Connect as the caller."""
        return await asyncio.open_connection("127.0.0.1", self._listen)

    def add(self, fault: Toxics) -> None:
        """Put a fault's toxics on the link."""
        for toxic in fault.toxics():
            self._toxiproxy.add("link", toxic)

    def remove(self, fault: Toxics) -> None:
        """Take a fault's toxics off the link."""
        for toxic in fault.toxics():
            self._toxiproxy.remove("link", toxic.name)

    def up(self, *, up: bool) -> None:
        """Let the link listen, or not."""
        self._toxiproxy.enable("link", enabled=up)

    def _call(self, verb: str, path: str, document: dict[str, str] | None) -> None:
        answer = requests.request(verb, self._api + path, json=document, timeout=CONNECT_LIMIT_S)
        answer.raise_for_status()


async def _end_all() -> None:
    """Cancel what the callee and the toxics still do, and let it close its connections."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)


@contextlib.contextmanager
def toxiproxy() -> Iterator[int]:
    """Run a server as a process; gives the port of its API.

    It is the program that CHAOSLAB_TOXIPROXY names, or else that of the project's own image.
    """
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(os.environ.get(SERVER, Path(folder) / "toxiproxy-server"))
        if SERVER not in os.environ:
            _extract(binary)
        port = free_port()
        command = [str(binary), "-host", "127.0.0.1", "-port", str(port)]
        with subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as server:
            try:
                _answers(port)
                yield port
            finally:
                server.kill()


def _extract(binary: Path) -> None:
    made = _docker("create", reference("toxiproxy"), "true")
    try:
        _docker("cp", f"{made}:/usr/bin/toxiproxy-server", str(binary))
    finally:
        _docker("rm", "-f", made)


def _docker(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603
        ["docker", *arguments],  # noqa: S607
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout.strip()  # fmt: skip


def _answers(port: int) -> None:
    session = requests.Session()
    retries = requests.adapters.HTTPAdapter(
        max_retries=requests.adapters.Retry(connect=20, backoff_factor=0.05)
    )
    with session:
        session.mount("http://", retries)
        session.get(f"http://127.0.0.1:{port}/version", timeout=CONNECT_LIMIT_S).raise_for_status()


def spec(fault: LinkFault) -> ToxicSpec:
    """Give the only toxic of a fault in one direction."""
    return next(iter(fault.toxics()))
