"""What is counted of a run while somebody watches it: calls by link, and the load's last second.

Nothing of it enters a recording, and a run that is watched is the same as one that is not.
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.engines.sim.process import Process, ProcessState
from harness.model.lab import CLIENT
from harness.model.send import Arrival
from harness.recording import Request
from services.tracing import Span

if TYPE_CHECKING:
    from collections.abc import Callable

SPAN_S = 1.0
"""The time over which outcomes and latencies of the load are told."""


STARTED, GOOD, FAILED, GIVEN_UP, LATE = "started", "good", "failed", "given_up", "late"
HAPPENINGS = (STARTED, GOOD, FAILED, GIVEN_UP, LATE)
"""What happens to calls: they start, get what was asked for or an error, their caller gives up, or
they are answered when it has."""
FIRST_ERROR = 400


@dataclass(slots=True)
class Calls:
    """The calls of one link since the start of the run, and what happened to some lately.

    `late` are those whose callee was done when their caller had given up: work for nobody.
    """

    started: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    late: int = 0
    _lately: deque[tuple[float, str]] = field(default_factory=deque)
    _counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HAPPENINGS, 0))
    """How often each of the `HAPPENINGS` is among the latest."""

    def happened(self, what: str, at_s: float) -> None:
        """Hear of one of the `HAPPENINGS`."""
        self._forget(at_s)
        self._lately.append((at_s, what))
        self._counts[what] += 1

    def last(self, now_s: float) -> dict[str, int]:
        """Count what has happened in the last second."""
        self._forget(now_s)
        return dict(self._counts)

    def _forget(self, now_s: float) -> None:
        while self._lately and self._lately[0][0] <= now_s - SPAN_S:
            _, what = self._lately.popleft()
            self._counts[what] -= 1


class Tally:
    """Hears of each call's start and end, and of the load's requests."""

    def __init__(self) -> None:
        self.now: Callable[[], float] = float
        """The run's clock, in seconds; whoever tells the tally of calls puts it here."""
        self.calls: defaultdict[str, Calls] = defaultdict(Calls)
        self.sent = self.failed = 0
        self.failed_s: float | None = None
        """When a request of the load failed last."""
        self.on_failure: Callable[[], None] | None = None
        self.by_second: defaultdict[int, Counter[bool]] = defaultdict(Counter)
        """How many requests ended in each second, with what was asked for and without."""
        self._load_under_way: Counter[str] = Counter()
        self._under_way: Counter[tuple[Process, str]] = Counter()
        self._given_up: dict[str, str] = {}
        self._last: deque[tuple[float, Request]] = deque()

    def begun(self, process: Process, callee: str) -> None:
        """Hear of a call that a process sends."""
        link = f"{process.host}->{callee}"
        self._start(link)
        self._under_way[process, link] += 1

    def ended_span(self, process: Process, span: Span) -> None:
        """Hear that a call has ended for its caller, or for its callee."""
        if span.kind == "client":
            self._under_way[process, f"{span.caller}->{span.callee}"] -= 1
        self.ended_call(span)

    def ended_call(self, span: Span) -> None:
        """Count the end of a call, of which nothing else is known."""
        if span.kind == "client":
            link = f"{span.caller}->{span.callee}"
            self._end(link, span.status, span.span, good=_is_good(span.status))
        elif link := self._given_up.pop(span.parent, ""):
            self.calls[link].late += 1
            self.calls[link].happened(LATE, self.now())

    def sent_request(self, arrival: Arrival) -> None:
        """Hear of a request of the load's."""
        self.sent += 1
        link = f"{CLIENT}->{arrival.to}"
        self._start(link)
        self._load_under_way[link] += 1

    def ended_request(self, request: Request, at_s: float) -> None:
        """Hear that a request has ended, with an answer or without."""
        link = f"{CLIENT}->{request.to}"
        self._load_under_way[link] -= 1
        self._end(link, request.status, f"{request.number + 1:016x}", good=request.good)
        self.by_second[int(at_s)][request.good] += 1
        if not request.good:
            self.failed, self.failed_s = self.failed + 1, at_s
            if self.on_failure is not None:
                self.on_failure()
        self._last.append((at_s, request))
        self._forget(at_s)

    def under_way(self) -> Counter[str]:
        """Count by link the calls that have not ended for a caller that lives."""
        for key in [each for each in self._under_way if each[0].state is ProcessState.DEAD]:
            del self._under_way[key]  # of a caller that was killed nobody says how it ended
        counts = Counter(self._load_under_way)
        for (_, link), count in self._under_way.items():
            counts[link] += count
        return counts

    def load_under_way(self) -> int:
        """Count the requests of the load that have not ended."""
        return sum(self._load_under_way.values())

    def last(self, now_s: float) -> list[tuple[float, Request]]:
        """Give the requests that have ended in the last second, each with its end."""
        self._forget(now_s)
        return list(self._last)

    def _forget(self, now_s: float) -> None:
        while self._last and self._last[0][0] <= now_s - SPAN_S:
            self._last.popleft()

    def _start(self, link: str) -> None:
        self.calls[link].started += 1
        self.calls[link].happened(STARTED, self.now())

    def _end(self, link: str, status: str, span: str, *, good: bool) -> None:
        self.calls[link].outcomes[status] += 1
        is_answered = status.isdigit()
        what = GOOD if good else FAILED if is_answered else GIVEN_UP
        self.calls[link].happened(what, self.now())
        if not is_answered:
            self._given_up[span] = link


def _is_good(status: str) -> bool:
    return status.isdigit() and int(status) < FIRST_ERROR
