"""Jobs on a Dask cluster: each goes to a worker of the same tree, and counts once."""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any, TypeVar

from distributed import get_worker

from harness.cluster import tree
from harness.cluster.scheduler import DASK, refuse_unless_ready
from harness.cluster.simulator import Answer, KilledError, packed, unpacked
from harness.cluster.spreading import Spreading
from harness.errors import EnvironmentNotReadyError

ANSWER_S = 20.0
"""How long the scheduler may take to answer, once it did: it may have much to do."""
LOOK_S = 1.0
"""How often it is asked which workers there are, at most."""
NO_WORKER_S = 30.0
"""How long there may be no worker in the middle of the work: a nanny may be starting a new one."""
CLOSE_S = 5.0
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")
Job = TypeVar("Job")
Done = TypeVar("Done")


class Cluster:
    """A scheduler's workers that have this tree."""

    def __init__(self, client: Any, address: str, say: Callable[[str], None]) -> None:  # noqa: ANN401
        self._client = client
        self._address = address
        self._say_line = say
        self._said: set[str] = set()
        self._wanted = tree.resources(1)
        self._looked_s = self._seen_s = time.monotonic()
        self.threads = self._threads()
        """How many jobs the workers do at a time; those that come and go are counted."""

    def refuse_without_workers(self) -> None:
        """Refuse a cluster that has no worker for this tree.

        Raises:
            EnvironmentNotReadyError: there is none, or none has this tree.

        """
        if self.threads:
            return
        if self._said:
            raise EnvironmentNotReadyError(
                f"--on {self._address}: no worker has this tree; bring theirs to the same commit "
                "and start them again"
            )
        raise EnvironmentNotReadyError(
            f"--on {self._address}: the scheduler has no workers; ./lab cluster {self._address} "
            "says how to start them"
        )

    def spread(
        self,
        jobs: Sequence[Job],
        do: Callable[[Job], Done],
        finished: Callable[[Done], None],
        *,
        lost: Callable[[Job], Done],
    ) -> Generator[Done]:
        """Do every job on the workers; give what came of each, in the jobs' order.

        `do` is a function of a module, and `finished` is called with what came of each as it is
        done. The jobs of a worker that is lost go to others; `lost` makes what came of one that
        took its process down twice, or worker after worker.

        Raises:
            EnvironmentNotReadyError: the scheduler is gone, or all workers are.

        """
        simulate = _task()
        executor = self._client.get_executor(pure=False, resources=self._wanted)
        spreading = Spreading(
            jobs,
            send=lambda job: executor.submit(simulate, packed(do, job)),
            read=lambda future, job: self._read(future, job, lost),
            finished=finished,
            lost=lost,
            threads=self._look,
        )
        try:
            yield from spreading.results()
        finally:
            executor.shutdown(wait=False)

    def _read(self, future: "Future[bytes]", job: Job, lost: Callable[[Job], Done]) -> Done:
        try:
            answer: Answer = unpacked(future.result())
        except CancelledError as error:
            raise self._gone() from error
        for line in answer.said:
            self._say(f"{line} (said once)")
        if isinstance(answer.raised, KilledError):
            return lost(job)
        if answer.raised:
            raise answer.raised
        done: Done = answer.done
        return done

    def _look(self) -> int:
        """Count the workers' threads, anew now and then."""
        now_s = time.monotonic()
        if now_s < self._looked_s + LOOK_S:
            return self.threads
        self._looked_s = now_s
        self.threads = self._threads()
        if self.threads:
            self._seen_s = now_s
        elif now_s > self._seen_s + NO_WORKER_S:
            raise EnvironmentNotReadyError(
                f"--on {self._address}: no worker has been left for {NO_WORKER_S:g} s; start "
                "workers again, then this command (check goes on with --resume)"
            )
        return self.threads

    def _threads(self) -> int:
        """Count the threads of the workers that have this tree, and name those that do not."""
        threads = 0
        for address, worker in self._workers().items():
            if other := tree.differing(self._wanted, worker["resources"]):
                self._say(f"worker {address} is refused: {other}")
            else:
                threads += worker["nthreads"]
        return threads

    def _workers(self) -> Mapping[str, Mapping[str, Any]]:
        try:
            ask = self._client.scheduler.identity  # None when Dask's client has given up
            told = self._client.sync(ask, n_workers=-1, callback_timeout=ANSWER_S)
        except (OSError, TimeoutError, AttributeError) as error:
            raise self._gone() from error
        workers: Mapping[str, Mapping[str, Any]] = told["workers"]
        return workers

    def _gone(self) -> EnvironmentNotReadyError:
        return EnvironmentNotReadyError(
            f"--on {self._address}: the scheduler is gone; start it and its workers again, then "
            "this command (check goes on with --resume)"
        )

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._say_line(line)


def _task() -> Callable[[bytes], bytes]:
    """Make what Dask runs on a `LabWorker`.

    A function within a function travels as code and not by its name: the scheduler, which unpacks
    it too, needs nothing of Chaoslab.
    """

    def simulate(work: bytes) -> bytes:
        worker: Any = get_worker()
        done: bytes = worker.simulate(work)
        return done

    return simulate


@contextmanager
def opened(address: str, say: Callable[[str], None]) -> Iterator[Cluster]:
    """Give the cluster of a scheduler's address for as long as the block lasts.

    What is queued there is cancelled at its end. `say` gets a line for each worker that is refused.

    Raises:
        LabError: it is no address.
        EnvironmentNotReadyError: no scheduler of this release answers there, or it has no workers.

    """
    _quieten()
    refuse_unless_ready(address)
    client = DASK.Client(address, timeout=ANSWER_S, set_as_default=False)
    try:
        cluster = Cluster(client, address, say)
        cluster.refuse_without_workers()
        yield cluster
    finally:
        client.close(CLOSE_S)


def _quieten() -> None:
    """Let Dask log nothing: what a person needs to know comes as an error, in one line."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
