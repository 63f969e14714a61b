"""A service as a process of its own: reads its environment, serves, logs spans as JSON lines.

Environment: `CHAOSLAB_HOST` (its name), `CHAOSLAB_APP` (a module with `Settings` and `app`),
`CHAOSLAB_SETTINGS` and `CHAOSLAB_LINKS` (JSON objects), `CHAOSLAB_SEED`, `CHAOSLAB_START` (how
often the host was started before), `CHAOSLAB_VOLUME`, and `CHAOSLAB_MEMORY`, a file for what the
control channel has asked of the host; without it there is no such channel, and standard input is
let alone. With `CHAOSLAB_DIED_S`, when its predecessor crashed by the machine's uptime, it serves
`RESTART_S` after that, and then tells that it is up.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import aiohttp

from services.clock import WallClock
from services.context import Platform, dice
from services.control import Ballast, Control
from services.redis import connect
from services.server import Served, serve
from services.tracing import Span


class FileVolume:
    """A folder; a write is renamed into place, so that a crash leaves the old or the new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Give what was written last under a name; None when nothing was."""
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """Replace what stands under a name, durably."""
        temporary = self._folder / f".{name}.new"
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / name)


@asynccontextmanager
async def burn(cpu_ms: float) -> AsyncIterator[None]:
    """Occupy this process's CPU; its event loop stands still, as it would under real work."""
    until_s = time.thread_time() + cpu_ms / 1000
    while time.thread_time() < until_s:
        pass
    yield


async def end(code: int) -> NoReturn:
    """End this process, with nothing cleaned up; its supervisor tells of it."""
    os._exit(code)


def log(event: Mapping[str, object]) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def record(span: Span) -> None:
    """Log a span, its times in seconds since 1970."""
    log({"event": "span", **span._asdict()})


def platform(environment: Mapping[str, str], clock: WallClock) -> Platform:
    """Make the platform of a container from its environment, with a clock for its wall."""
    host = environment["CHAOSLAB_HOST"]
    links: dict[str, str] = json.loads(environment.get("CHAOSLAB_LINKS", "{}"))
    return Platform(
        host=host,
        links=links,
        connector=lambda: aiohttp.TCPConnector(limit=0),
        redis=connect,
        rng=dice(
            environment.get("CHAOSLAB_SEED", "0"), host, int(environment.get("CHAOSLAB_START", "0"))
        ),
        now=time.time,
        wall=clock.read,
        burn=burn,
        exit=end,
        volume=FileVolume(_folder(environment)),
        record=record,
    )


async def main() -> None:
    """Serve until SIGTERM, then finish what was begun."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    settings = json.loads(os.environ.get("CHAOSLAB_SETTINGS", "{}"))
    importlib.import_module(os.environ["CHAOSLAB_APP"])  # what takes time is behind us then
    comes_back = await _rest(os.environ, stop)
    clock = WallClock(time.time)
    control = _control(os.environ, clock)
    changes = control.changes if control else {}
    here = platform(os.environ, clock)
    served = await serve(os.environ["CHAOSLAB_APP"], here, settings, changes)
    if control:
        control.listen(served)
    if loop.get_exception_handler() is None:  # or the service has one of its own
        loop.set_exception_handler(partial(_crashed, served))
    log({"event": "serving", "host": served.context.host})
    if comes_back:
        log({"event": "up"})
    await stop.wait()
    await served.stop()


async def _rest(environment: Mapping[str, str], stop: asyncio.Event) -> bool:
    """Wait until it is time to be back after a crash, if there was one; say whether there was."""
    if not (died_s := environment.get("CHAOSLAB_DIED_S")):
        return False
    since_s = time.clock_gettime(time.CLOCK_BOOTTIME) - float(died_s)
    with suppress(TimeoutError):
        async with asyncio.timeout(float(environment["RESTART_S"]) - since_s):
            await stop.wait()
    return True


def _control(environment: Mapping[str, str], clock: WallClock) -> Control | None:
    """Give the control channel, if this process has one, with what the host has been told."""
    if "CHAOSLAB_MEMORY" not in environment:
        return None
    memory = Path(environment["CHAOSLAB_MEMORY"])
    control = Control(clock, Ballast(_folder(environment)), memory, log)
    control.recall()
    return control


def _folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("CHAOSLAB_VOLUME", "/volume"))


def _crashed(served: Served, loop: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
    served.crashes.inc()
    loop.default_exception_handler(details)


if __name__ == "__main__":
    asyncio.run(main())
