"""What a simulated process reads: its clocks, its dice; and how it is told what it cannot have."""

import asyncio
import random
import sys
from typing import Any, NoReturn

from harness.engines.sim.process import EPOCH_S, Process


def wall(process: Process) -> float:
    """Read the wall clock of a process's host, in seconds since 1970."""
    return process.wall() if process.wall else EPOCH_S + now(process)


def now(process: Process) -> float:
    """Give the virtual time, in seconds from 0, or that of the last moment that there was one."""
    del process
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises where there is none
    return loop.time() if loop else 0.0


def dice(process: Process, name: str = "library") -> random.Random:
    """Give a process's generator for what a library draws; one for each name."""
    if name not in process.dice:
        # Not by `Random(seed)` alone: `Random.seed` is replaced, and would ask for dice again.
        process.dice[name] = random.Random(f"{process.seed}/{process.label}/{name}")
    return process.dice[name]


def refuse(call: str, instead: str) -> NoReturn:
    """End the run, and name the library that has made a call."""
    loop: Any = asyncio.get_running_loop()
    loop.refuse(f"{call} in {_library()}", instead)
    raise AssertionError


def _library() -> str:
    """Find the innermost module on the stack that is neither ours nor the standard library's."""
    frame = sys._getframe(1)  # noqa: SLF001
    inner = ""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if not name.startswith("harness."):
            inner = inner or name
            if name.partition(".")[0] not in sys.stdlib_module_names:
                return name
        frame = frame.f_back  # type: ignore[assignment]
    return inner
