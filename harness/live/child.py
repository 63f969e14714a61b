"""A session's process, as the server holds it: lines to it, lines from it, and its end."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from harness import labs_folder
from harness.errors import ChaoslabError

ROOT = Path(__file__).parents[2]
MODULE = "harness.live.session_process"
LINE_BYTES = 64 << 20
"""The longest message that a session may send."""
GRACE_S = 3.0
"""How long a session waits for a page that is loaded again."""
END_S = 2.0
SAME_HASHES = {"PYTHONHASHSEED": "0"}
"""Without it, a service that goes through a set is refused."""


class TooManyError(ChaoslabError):
    """There are as many sessions, or pages of one, as there may be."""


class Child:
    """A process that was started; `end` it, however the session went."""

    def __init__(self, process: asyncio.subprocess.Process, end_s: float = END_S) -> None:
        self._process = process
        self._end_s = end_s

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self._process.returncode is not None

    @property
    def pid(self) -> int:
        """Give the number of the process."""
        return self._process.pid

    async def tell(self, line: str) -> None:
        """Pass a command on; one that comes after the end is lost, as its page will hear."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(line.replace("\n", " ").encode() + b"\n")
            await self._process.stdin.drain()

    async def lines(self) -> AsyncIterator[str]:
        """Give what it says, until its end."""
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        async for line in self._process.stdout:
            yield line.decode().rstrip("\n")
        await self._process.wait()

    async def end(self) -> None:
        """Let it end by itself, by its closed input, or kill it when it does not."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.close()
        try:
            async with asyncio.timeout(self._end_s):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def started(module: str = MODULE, end_s: float = END_S) -> Child:
    """Start a session's process, in which texts hash alike; `end_s` is how long its end may take.

    `module` is another one where sessions are no simulations.
    """
    here = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([str(ROOT), here] if here else [str(ROOT)])
    chosen = labs_folder.chosen()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *([str(chosen)] if chosen else [])),
        env={**os.environ, **SAME_HASHES, "PYTHONPATH": path},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        start_new_session=True,
    )
    return Child(process, end_s)
