"""A Dask worker that announces its tree and simulates in processes of its own.

Started by Dask's own command, as `./lab cluster` prints it: `dask worker --worker-class
harness.cluster.worker.LabWorker`. It has as many processes as it has threads.
"""

import signal
from collections import deque
from typing import Any

from distributed import Reschedule, Worker

from harness.cluster import tree
from harness.cluster.simulator import KilledError, Simulator, killed

ENOUGH = 1024.0
"""Of each resource: only its threads limit how many jobs a worker does at a time."""
TRIES = 2
"""How often a job's process may be killed."""
CHANGED = "its files have changed since it was started"


class LabWorker(Worker):
    """Does jobs of the tree that it was started in, and of no other."""

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - all that Dask gives
        self._announced = tree.resources(ENOUGH)
        self._is_ending = False
        self._idle: deque[Simulator] = deque()
        self._busy: set[Simulator] = set()
        if more.get("nanny"):
            # Ctrl-C reaches both on a terminal, and they would wait for each other for 8 s.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        super().__init__(*args, **{**more, "resources": self._announced})

    def simulate(self, work: bytes) -> bytes:
        """Do a job, in the thread that asks; again if its process was killed.

        Raises:
            Reschedule: the worker ends, or its files have changed. The scheduler then gives the job
                to another worker.

        """
        for _ in range(TRIES):
            try:
                done = self._done(work)
            except KilledError:
                self._refuse_ending()
            else:
                self._refuse_changed()
                return done
        return killed()

    def _done(self, work: bytes) -> bytes:
        try:
            simulator = self._idle.pop()
        except IndexError:
            simulator = Simulator()
        self._busy.add(simulator)
        try:
            done = simulator.do(work)
        except KilledError:
            simulator.end()
            raise
        finally:
            self._busy.discard(simulator)
        if simulator.left:
            self._idle.append(simulator)
        else:
            simulator.end()
        return done

    def _refuse_ending(self) -> None:
        if self._is_ending:
            raise Reschedule

    def _refuse_changed(self) -> None:
        """Refuse what may have been imported from other files; a nanny starts this worker anew."""
        if tree.resources(ENOUGH) != self._announced:
            self.loop.add_callback(self.close_gracefully, restart=True, reason=CHANGED)
            raise Reschedule

    async def close(  # type: ignore[override] # as Dask's own
        self,
        *args: Any,  # noqa: ANN401
        **more: Any,  # noqa: ANN401
    ) -> str | None:
        """End the processes first, so that Dask does not wait for the jobs that they do."""
        self._is_ending = True
        for simulator in (*self._busy, *self._idle):
            simulator.kill()
        return await super().close(*args, **more)
