"""A pool of processes whose caller stops: nothing of it is left, whatever was under way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import multiprocessing, sys, threading, time
from harness.cli.workers import pool, spread, submitted

def do(job):
    time.sleep(0.001)
    return bytes(int(sys.argv[1]))

def lost(job):
    raise AssertionError(job)

with pool(2) as executor:
    done = [submitted(executor, do, number) for number in range(5)]
    executor.shutdown(wait=False)
print(threading.active_count(), len(multiprocessing.active_children()))
for _ in range(5):
    jobs = spread(range(300), do, 2, lambda done: None, lost=lost, cleans_up=False)
    for _ in range(20):
        next(jobs)
    try:
        jobs.throw(KeyboardInterrupt)
    except KeyboardInterrupt:
        print(threading.active_count(), len(multiprocessing.active_children()))
"""


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_nothing_of_a_pool_is_left(size: int) -> None:
    """Its own thread is ended too: Python's exit would wake it up by a pipe that it closes.

    A large result is not whole when its process ends, and is not waited for.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM, str(size)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["1 0"] * 6
    assert done.stderr == ""
