"""A process that simulates for one thread of a Dask worker, as that thread holds it.

A simulation replaces the clock, the dice and the collector's settings of its whole process, and a
worker's process has Dask's own threads in it. So each job runs in the main thread of another
process, which is started with what `./lab` sets, whatever the worker was started with.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MODULE = "harness.cluster.simulator_process"
RENEWED_AFTER = 100
"""Jobs: a worker stands for days, and what libraries keep of each run would stay with it."""
SET = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
UNSET = ("PYTHONOPTIMIZE", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONINSPECT")
"""As in the launcher: a run is the same whatever the environment of whoever starts it."""


class KilledError(Exception):
    """The process was killed while it did a job, as where memory is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a job: what it gave or raised, and what services complained of meanwhile."""

    done: Any = None
    raised: BaseException | None = None
    said: Sequence[str] = ()


def packed(do: Callable[[Any], Any], job: object) -> bytes:
    """Pack a job and what does it, a function of a module, for the process to unpack."""
    return pickle.dumps((do, job))


def unpacked(answer: bytes) -> Answer:
    """Unpack what the process answers."""
    unpickled: Answer = pickle.loads(answer)  # noqa: S301 - our own process wrote it
    return unpickled


def killed() -> bytes:
    """Give the answer to a job whose process was killed."""
    return pickle.dumps(Answer(raised=KilledError()))


class Simulator:
    """A process that does one job after the other; `end` it when there are no more."""

    def __init__(self) -> None:
        self.left = RENEWED_AFTER
        """How many jobs it should still do."""
        self._connection, there = Pipe()
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", MODULE, str(there.fileno())],
            env={**kept, **SET, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            pass_fds=(there.fileno(),),
        )
        there.close()

    def do(self, work: bytes) -> bytes:
        """Do what is packed; give what came of it, packed too.

        Raises:
            KilledError: the process has ended without an answer.

        """
        try:
            self.left -= 1
            self._connection.send_bytes(work)
            return self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise KilledError from error

    def kill(self) -> None:
        """Kill the process, from any thread; `do` then raises in its own."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill the process, and give back what it took."""
        self.kill()
        self._connection.close()
