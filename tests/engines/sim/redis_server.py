"""A real redis-server for a test, where there is one."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engines.sim.redis_world import client, told
from tests.ports import free_port

SERVER = shutil.which("redis-server")
NEEDS_SERVER = pytest.mark.skipif(SERVER is None, reason="needs redis-server (apt-get install it)")


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Run a server that keeps nothing, and give its port."""
    number = free_port()
    options = f"--port {number} --bind 127.0.0.1 --dir {folder} --logfile log".split()
    assert SERVER is not None
    with subprocess.Popen([SERVER, "--save", "", *options]) as server:  # noqa: S603 - our own
        try:
            asyncio.run(_answers(number))
            yield number
        finally:
            server.kill()


async def _answers(port: int) -> None:
    async with client("127.0.0.1", port) as redis, asyncio.timeout(10):
        while await told(redis.ping()) is not True:  # noqa: ASYNC110 - a server starts unannounced
            await asyncio.sleep(0.01)
