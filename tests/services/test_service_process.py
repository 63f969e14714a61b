"""A service's own process, on loopback: how it comes back after a crash, and how it ends."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LIMIT_S = 30
ANSWER_MS = 300

# `PORT` is the container's own; here it must be one that is free.
LAUNCH = "import runpy, sys, services.server as s; s.PORT = int(sys.argv[1]); "
LAUNCH += "runpy.run_module('services.main', run_name='__main__')"


async def started(port: int, folder: Path, **more: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LAUNCH, str(port)),
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CHAOSLAB_HOST": "back",
            "CHAOSLAB_APP": "services.worker",
            "CHAOSLAB_SETTINGS": json.dumps({"service_ms": ANSWER_MS}),
            "CHAOSLAB_VOLUME": str(folder),
            **more,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert json.loads(await process.stdout.readline())["event"] == "serving"
    return process


async def in_flight(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        async with session.get(f"{url}/metrics") as response:
            lines = (await response.text()).splitlines()
        if "requests_in_flight 1.0" in lines:
            return


def test_sigterm_lets_a_request_in_progress_finish(tmp_path: Path) -> None:
    """Its answer comes, new connections are refused, and the process ends well."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    trace = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as session:
            process = await started(port, tmp_path)
            asking = asyncio.ensure_future(session.get(url, headers=trace))
            await in_flight(session, url)
            process.send_signal(signal.SIGTERM)
            async with await asking as response:
                assert response.status == 200
            assert await process.wait() == 0
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(url)

    asyncio.run(main())


def test_who_comes_back_after_a_crash_serves_when_it_is_time(tmp_path: Path) -> None:
    """No sooner, however fast it loads; and it tells that it is up, as a first start need not."""
    died_s, restart_s = time.clock_gettime(time.CLOCK_BOOTTIME), 2

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            again = {"CHAOSLAB_DIED_S": f"{died_s:.2f}", "RESTART_S": f"{restart_s}"}
            process = await started(free_port(), tmp_path, **again)
            assert process.stdout
            assert json.loads(await process.stdout.readline()) == {"event": "up"}
            assert time.clock_gettime(time.CLOCK_BOOTTIME) > died_s + restart_s - 0.02
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    asyncio.run(main())
