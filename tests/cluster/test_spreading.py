"""Which jobs of a cluster are sent when, and which are given up: with futures of the test's own."""

from concurrent.futures import CancelledError, Future

import pytest
from distributed import KilledWorker

from harness.cluster.spreading import AHEAD, Spreading

KILLED = KilledWorker("a job", None, 3)  # type: ignore[arg-type] # the worker is of no interest


class Pretended:
    """A cluster of one thread, which says what became of each job at each try."""

    def __init__(self, fates: dict[int, list[Exception]]) -> None:
        self._fates = fates
        self.sent: list[int] = []
        self.finished: list[str] = []

    def send(self, job: int) -> "Future[bytes]":
        self.sent.append(job)
        future: Future[bytes] = Future()
        if tries := self._fates.get(job, []):
            future.set_exception(tries.pop(0))
        else:
            future.set_result(b"%d" % job)
        return future

    def read(self, future: "Future[bytes]", job: int) -> str:
        del job
        return future.result().decode()

    def spreading(self, jobs: int) -> Spreading[int, str]:
        return Spreading(
            range(jobs),
            send=self.send,
            read=self.read,
            finished=self.finished.append,
            lost=lambda job: f"{job} is lost",
            threads=lambda: 1,
        )


def test_results_come_in_order_and_count_once() -> None:
    """As they are asked for, a few are sent ahead."""
    cluster = Pretended({})
    results = cluster.spreading(6).results()
    assert next(results) == "0"
    assert len(cluster.sent) == AHEAD
    assert list(results) == ["1", "2", "3", "4", "5"]
    assert cluster.finished == ["0", "1", "2", "3", "4", "5"]


def test_a_job_beside_one_that_kills_workers_is_not_lost() -> None:
    """Dask gives both up; alone, the one holds and the other does not."""
    cluster = Pretended({1: [KILLED, KILLED], 2: [KILLED]})
    assert list(cluster.spreading(4).results()) == ["0", "1 is lost", "2", "3"]
    assert cluster.sent == [0, 1, 2, 3, 1, 2]
    assert sorted(cluster.finished) == ["0", "1 is lost", "2", "3"]


def test_what_else_goes_wrong_ends_it() -> None:
    """A bug of ours, or the end of the scheduler, which cancels everything."""
    for error in (ZeroDivisionError(), CancelledError()):
        with pytest.raises(type(error)):
            list(Pretended({0: [error]}).spreading(2).results())
