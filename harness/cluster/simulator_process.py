"""The process that simulates for a worker: jobs come in over a pipe, and answers go back.

Started as `python -m harness.cluster.simulator_process FD`. It ends when the worker does, also if
that was killed, and leaves Ctrl-C to it.
"""

import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection

from harness.cli import complaints
from harness.cluster.simulator import Answer
from harness.engines.compose.interrupts import SIGNALS
from harness.engines.sim.collector import calm


def answer(work: bytes) -> bytes:
    """Do a job; give what it gave or raised."""
    said: list[str] = []
    with complaints.told(said.append):
        try:
            do, job = pickle.loads(work)  # noqa: S301 - whoever sends work may run anything
            return pickle.dumps(Answer(done=do(job), said=said))
        except Exception as error:  # noqa: BLE001 - it is raised again where the work came from
            return pickle.dumps(Answer(raised=_portable(error), said=said))


def _portable(error: Exception) -> Exception:
    """Note where an error was raised; one that cannot be pickled becomes one that can."""
    where = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - pickling runs code of the error's class
        return RuntimeError(where)
    error.add_note(where)
    return error


def _receive(connection: Connection, jobs: "queue.SimpleQueue[bytes]") -> None:
    """Take jobs in; the end of the worker ends this process, in the middle of a job too."""
    try:
        while True:
            jobs.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)


def main() -> None:
    """Do jobs for as long as the worker lives; what services print goes to its terminal."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    connection = Connection(int(sys.argv[1]))
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, jobs), daemon=True).start()
    with calm():  # each job then looks through what the last one has left alone, as in a pool
        while True:
            connection.send_bytes(answer(jobs.get()))


if __name__ == "__main__":
    main()
