"""One spread of jobs over a cluster: what is sent, what came of it, what was lost with workers."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from distributed import KilledWorker

WAIT_S = 1.0
"""How long to wait for a result before it is looked after the workers."""
AHEAD = 2
"""Jobs that are sent for each thread of the workers, so that none waits for its next one.

No more: Dask suspects every job that a worker has when it is lost, not only the one that it does.
"""
Job = TypeVar("Job")
Done = TypeVar("Done")


@dataclass(slots=True, eq=False)
class Sent(Generic[Job, Done]):
    """A job that was sent, and what came of it, in a list of its own once it is there."""

    job: Job
    future: "Future[bytes]"
    is_alone: bool = False
    done: list[Done] = field(default_factory=list)


class Spreading(Generic[Job, Done]):
    """Sends jobs, a few at a time, and gives what comes of them in their order.

    `send` hands in a job; `read` makes of an answer what came of the job; `threads` says how many
    jobs the workers do at a time, or raises where there is no hope. A job that Dask gives up, for
    it was on several workers when they were lost, is sent once more when no other is under way:
    only one that then is given up again is `lost`.
    """

    def __init__(  # noqa: PLR0913 - the work, and the ways to the cluster
        self,
        jobs: Iterable[Job],
        *,
        send: Callable[[Job], "Future[bytes]"],
        read: Callable[["Future[bytes]", Job], Done],
        finished: Callable[[Done], None],
        lost: Callable[[Job], Done],
        threads: Callable[[], int],
    ) -> None:
        self._left = deque(jobs)
        self._sent: deque[Sent[Job, Done]] = deque()
        self._suspects: deque[Sent[Job, Done]] = deque()
        self._send, self._read, self._threads = send, read, threads
        self._finished, self._lost = finished, lost

    def results(self) -> Generator[Done]:
        """Give what came of each job, as soon as all before it are done."""
        while self._left or self._sent:
            under_way = self._under_way()
            wait([one.future for one in under_way], WAIT_S, FIRST_COMPLETED)
            for one in under_way:
                if one.future.done():
                    self._settle(one)
            while self._sent and self._sent[0].done:
                yield self._sent.popleft().done[0]

    def _under_way(self) -> list[Sent[Job, Done]]:
        """Send what there is room for, and give all that is sent and not done."""
        waiting = [one for one in self._sent if not one.done and one not in self._suspects]
        room = AHEAD * max(1, self._threads()) - len(waiting)
        new = [self._left.popleft() for _ in range(min(room, len(self._left)))]
        for job in new:
            waiting.append(Sent(job, self._send(job)))
            self._sent.append(waiting[-1])
        if not waiting and self._suspects:
            suspect = self._suspects.popleft()
            suspect.is_alone, suspect.future = True, self._send(suspect.job)
            waiting.append(suspect)
        return waiting

    def _settle(self, one: Sent[Job, Done]) -> None:
        given_up = not one.future.cancelled() and isinstance(one.future.exception(), KilledWorker)
        if given_up and not one.is_alone:
            self._suspects.append(one)
            return
        one.done.append(self._lost(one.job) if given_up else self._read(one.future, one.job))
        self._finished(one.done[0])
