"""What a run on containers has told so far: one thread writes it down, another one reads it."""

import math
import sys
import threading
from collections.abc import Callable, Mapping

from harness.engines.protocol import Plan
from harness.live.ended_calls import EndedCalls
from harness.model.operations import Operation
from harness.model.steered_load import SteeredLoad
from harness.recording import Recording, Request, SeriesKey
from services.tracing import Span


class SoFar:
    """Requests, spans, samples and their counts; `now` is the run's clock."""

    def __init__(self, plan: Plan, now: Callable[[], float]) -> None:
        lab = plan.lab
        self.tally = EndedCalls(SteeredLoad(lab.load, plan.seed, lab.duration_s))
        self.tally.now = now
        self.lock = threading.Lock()
        """Whoever reads the tally holds it."""
        self.seconds = 0
        """How many seconds of samples there are."""
        self._plan = plan
        self._requests: list[Request] = []
        self._spans: list[Span] = []
        self._series: dict[SeriesKey, list[float]] = {}

    def request(self, request: Request) -> None:
        """Take a request of the load that has ended now."""
        now_s = self.tally.now()
        with self.lock:
            self.tally.pass_time(max(now_s, request.intended_s))
            self.tally.ended_request(request, now_s)
            self._requests.append(request)

    def span(self, span: Span) -> None:
        """Take a call that has ended, for its caller or for its callee."""
        with self.lock:
            self.tally.ended_call(span)
            self._spans.append(_shared(span))

    def samples(self, first: int, last: int, found: Mapping[SeriesKey, list[float]]) -> None:
        """Take the samples of these seconds, if there are any."""
        if not found:
            return
        with self.lock:
            for key, values in found.items():
                known = self._series.setdefault(key, [])
                known += [math.nan] * (first - len(known)) + values
            self.seconds = last + 1

    def steered(self, at_s: float, operation: Operation) -> None:
        """Take it that the load does from a moment on what an operation asks of it."""
        with self.lock:
            self.tally.steered(at_s, operation)

    def end_load(self, at_s: float) -> None:
        """Take it that no request comes from a moment on."""
        with self.lock:
            self.tally.end_load(at_s)

    def latest(self, host: str, metric: str) -> int | None:
        """Give a gauge of a host as it was scraped last; None where it did not answer."""
        values = self._series.get(SeriesKey(host, metric, ""), [])
        value = values[-1] if values and len(values) >= self.seconds else math.nan
        return None if math.isnan(value) else int(value)

    def recording(self, lasts_s: float) -> Recording:
        """Give all of it, as a recording of so many seconds; a sample that is missing is NaN."""
        plan, most = self._plan, int(lasts_s) + 1
        with self.lock:
            return Recording(
                lab=plan.slug,
                variant=plan.variant.name,
                seed=plan.seed,
                engine="compose",
                duration_s=lasts_s,
                requests=sorted(self._requests),
                spans=list(self._spans),
                series={key: _padded(values, most) for key, values in self._series.items()},
                surges=list(plan.lab.surges()),
            )


def _shared(span: Span) -> Span:
    """Let texts that many spans have be one: there may be a million spans, each has eight."""
    return Span._make(sys.intern(one) if isinstance(one, str) else one for one in span)


def _padded(values: list[float], most: int) -> list[float]:
    return [*values[:most], *[math.nan] * (most - len(values))]
