"""Looks at what runs have kept: opens a Prometheus for each variant and Grafana, until Ctrl-C."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import NoReturn

import aiohttp
from docker import DockerClient
from docker.errors import ImageNotFound

from harness.engines.compose import grafana, interrupts, janitor
from harness.engines.compose.address import address, is_here
from harness.engines.compose.client import engine
from harness.engines.compose.grafana import GRAFANA, GRAFANA_PORT, Kept
from harness.engines.compose.inventory import missing
from harness.engines.compose.loadlog import LoadLog
from harness.engines.compose.render import PROMETHEUS, PROMETHEUS_API, SERIES
from harness.engines.compose.stack import OnLine, Stack, owner_of
from harness.errors import EnvironmentNotReadyError

READY_LIMIT_S = 90.0
"""Grafana makes its database first: some seconds, on a slow disk more."""
PROBE_S = 0.2
PROBE_LIMIT_S = 5.0
OPEN_LIMIT_S = 12 * 3600.0
"""A view that is forgotten closes after this time."""


def why_not() -> str | None:
    """Say in one line why Grafana cannot be opened, where an engine answers; None if it can."""
    with engine() as client:
        return _problem(client)


def _problem(client: DockerClient) -> str | None:
    if not is_here(there := address()):
        return f"Grafana cannot be opened on {there}: its port would be on that machine, not here"
    if any(one.name == PROMETHEUS for one in missing(client)):
        return "no image of prometheus: run ./lab images build"
    try:
        client.images.get(grafana.IMAGE)
    except ImageNotFound:
        return f"no image of Grafana: run docker pull {grafana.IMAGE}"
    return None


def second_0(log: Path) -> float:
    """Read from a load's log when its run began, in seconds since 1970; NaN if it did not say."""
    load = LoadLog()
    with suppress(OSError), log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            load.take(line)
            if not math.isnan(load.t0_s):
                break
    return load.t0_s


def look(
    slug: str, title: str, kept: Sequence[Kept], folder: Path, say: Callable[[str], None]
) -> None:
    """Open what is kept, say where, and wait for Ctrl-C; then nothing of it is left.

    The Compose file and the logs stay in the folder.

    Raises:
        EnvironmentNotReadyError: a container ends by itself, or does not answer.
        KeyboardInterrupt: Ctrl-C came before there was anything to look at.

    """
    with engine() as client:
        janitor.make_room(client)
        owner = owner_of(f"{GRAFANA}-{slug}", OPEN_LIMIT_S)
        file = grafana.compose_yaml(kept, title, owner)
        with Stack(client, owner, file, folder / "logs" / GRAFANA) as stack:
            view = View(stack, kept, say)
            try:
                interrupts.run(view.show())
            except KeyboardInterrupt:
                if not view.is_open:
                    raise


class View:
    """The containers of one look, from their making to the end that a person wants."""

    def __init__(self, stack: Stack, kept: Sequence[Kept], say: Callable[[str], None]) -> None:
        self._stack = stack
        self._kept = kept
        self._say = say
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self.is_open = False
        """Whether there is something to look at, so that Ctrl-C is how a person closes it."""

    async def show(self) -> None:
        """Open it, and wait until it is cancelled or its time is over."""
        await asyncio.to_thread(self._stack.create)
        for one in self._kept:
            await asyncio.to_thread(self._stack.copy_in, one.host, one.tsdb, SERIES)
        await asyncio.to_thread(self._stack.start_all, self._hearer())
        async with aiohttp.ClientSession() as session:
            for one in self._kept:
                await self._ready(session, one.host, PROMETHEUS_API, "/-/ready")
            port = await self._ready(session, GRAFANA, GRAFANA_PORT, "/api/health")
        self.is_open = True
        self._say(f"http://127.0.0.1:{port}/d/{grafana.UID}")
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_LIMIT_S):
                self._tell_of(await self._ended.get())

    def _hearer(self) -> OnLine:
        loop = asyncio.get_running_loop()

        def hear(name: str, line: str | None) -> None:
            # After the end, nobody listens any more.
            with suppress(RuntimeError):
                if line is None:
                    loop.call_soon_threadsafe(self._ended.put_nowait, name)

        return hear

    async def _ready(
        self, session: aiohttp.ClientSession, name: str, inside: int, path: str
    ) -> int:
        """Wait until a container answers, and give the port of this machine that leads to it."""
        port = await asyncio.to_thread(self._stack.port, name, inside)
        url = f"http://127.0.0.1:{port}{path}"
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                while not await _answers(session, url):
                    if not self._ended.empty():
                        self._tell_of(self._ended.get_nowait())
                    await asyncio.sleep(PROBE_S)
        except TimeoutError as error:
            told = f"{name} does not answer after {READY_LIMIT_S:g} s"
            raise EnvironmentNotReadyError(f"{told} (log: {self._stack.log(name)})") from error
        return port

    def _tell_of(self, name: str) -> NoReturn:
        how = f"{name} {self._stack.how_it_ended(name)}"
        raise EnvironmentNotReadyError(f"{how} (log: {self._stack.log(name)})")


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    limit = aiohttp.ClientTimeout(total=PROBE_LIMIT_S)
    try:
        async with session.get(url, timeout=limit) as answer:
            return answer.status == HTTPStatus.OK
    except (TimeoutError, aiohttp.ClientError):
        return False
