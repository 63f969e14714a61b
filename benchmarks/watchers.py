"""What a class costs that looks at one session of the console: `-m benchmarks.watchers`."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click

from benchmarks.tables import Table, show, spread

ROOT = Path(__file__).parents[1]
LAB, VARIANT = "retry-storm", "naive"
OFFERED_BITS = 15
"""What browsers offer: to have messages compressed, with a window of 2 ** 15 bytes."""
TICKS = os.sysconf("SC_CLK_TCK")
STORM_S = 12.0
"""A moment of the lab's storm, in which there is most to be seen."""
LIMIT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a stretch of time cost, as shares of one core, and what watchers were told in it."""

    server: float
    session: float
    updates: list[float]
    bytes_each: float


@click.command()
@click.option("--pairs", default=5, show_default=True, help="Stretches of time with each number.")
@click.option("--seconds", default=10.0, show_default=True, help="How long one stretch is.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the table here too.")
def main(pairs: int, seconds: float, markdown: Path | None) -> None:
    """Measure, and print a table."""
    table = Table(
        title=f"{LAB}, {VARIANT}, played from second {STORM_S:g} on, {pairs} runs each",
        columns=("watchers", "server, % of a core", "session, % of a core", "updates/s", "KB each"),
    )
    rows = ((1, 0, "1"), (12, 0, "12"), (12, 1, "12, and one that does not read"))
    for watchers, lazy, said in rows:
        runs = [asyncio.run(_stretch(watchers, lazy, seconds)) for _ in range(pairs)]
        table.add(
            said,
            spread([100 * run.server for run in runs], ".1f"),
            spread([100 * run.session for run in runs], ".1f"),
            spread([one for run in runs for one in run.updates], ".1f"),
            spread([run.bytes_each / 1000 for run in runs], ".1f"),
        )
    show([table], markdown)


async def _stretch(watchers: int, lazy: int, seconds: float) -> Seen:
    """Let a lab play in front of some pages, and read what it took."""
    with _console() as (process, address):
        async with AsyncExitStack() as stack, asyncio.timeout(LIMIT_S):
            pages = [await stack.enter_async_context(_page(address)) for _ in range(watchers)]
            for _ in range(lazy):
                idle = await stack.enter_async_context(_page(address))
                _transport(idle).pause_reading()
            await _open(pages[0])
            session = _children(process.pid)[0]
            before = _cpu_s(process.pid), _cpu_s(session), time.monotonic()
            told = await asyncio.gather(*(_watch(page, seconds) for page in pages))
            took_s = time.monotonic() - before[2]
            return Seen(
                server=(_cpu_s(process.pid) - before[0]) / took_s,
                session=(_cpu_s(session) - before[1]) / took_s,
                updates=[count / took_s for count, _ in told],
                bytes_each=sum(size for _, size in told) / sum(count for count, _ in told),
            )


@contextmanager
def _console() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-P", "-m", "harness.cli", "play"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            yield process, process.stdout.readline().partition("#")[0]
        finally:
            process.terminate()


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    origin = "/".join(address.split("/")[:3])
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{address}session/one", headers={"Origin": origin}, compress=OFFERED_BITS
        ) as page,
    ):
        yield page


def _transport(page: aiohttp.ClientWebSocketResponse) -> asyncio.Transport:
    connection: Any = page._response.connection  # noqa: SLF001 - aiohttp has no other way to it
    transport: asyncio.Transport = connection.transport
    return transport


async def _open(page: aiohttp.ClientWebSocketResponse) -> None:
    """Open the lab in its storm, and let it play at the pace of the clock."""
    experiment = {"lab": LAB, "variant": VARIANT, "faults": "lab", "script": []}
    await page.send_json({"do": "open", "experiment": experiment, "to_s": STORM_S})
    await _until(page, "tick")
    await page.send_json({"do": "play", "speed": 1, "id": "play"})
    await _until(page, "ok")


async def _until(page: aiohttp.ClientWebSocketResponse, say: str) -> None:
    while (message := await page.receive_json())["say"] != say:
        if message["say"] in ("refused", "failed"):
            raise click.ClickException(message["why"])


async def _watch(page: aiohttp.ClientWebSocketResponse, seconds: float) -> tuple[int, int]:
    """Count the pictures that a page is told in a time, and their bytes."""
    ends_s, count, size = time.monotonic() + seconds, 0, 0
    while (left_s := ends_s - time.monotonic()) > 0:
        try:
            text = await page.receive_str(timeout=left_s)
        except TimeoutError:
            break
        if text.startswith('{"say": "tick"'):
            count, size = count + 1, size + len(text)
    return count, size


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_s(pid: int) -> float:
    """Read what CPU time a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
