"""The tally of a run whose calls are told when they end, as containers' logs tell them."""

import math

from harness.engines.sim.tally import Tally
from harness.model.operations import Operation, Pace, SendNow
from harness.model.send import Arrival
from harness.model.steered_load import EXTRA, SteeredLoad
from harness.recording import Request
from services.tracing import Span


class EndedCalls(Tally):
    """Counts calls by link from spans, and takes requests as sent when their time has come."""

    def __init__(self, load: SteeredLoad) -> None:
        super().__init__()
        self._load = load
        self._ends_s = math.inf

    def pass_time(self, now_s: float) -> None:
        """Count the load's requests up to a moment: each is sent when it is due, or not at all."""
        while (arrival := self._load.due()) and arrival.at_s <= now_s:
            if arrival.at_s >= self._ends_s:
                return
            self._send_next(arrival)

    def steered(self, at_s: float, operation: Operation) -> None:
        """Take it that the load does from a moment on what an operation asks of it."""
        match operation:
            case Pace(times=times):
                self._load.pace(at_s, times)
            case SendNow(count=count, to=to, path=path, method=method):
                for arrival in self._load.by_hand(at_s, count, to=to, path=path, method=method):
                    self.sent_request(arrival)

    def end_load(self, at_s: float) -> None:
        """Take it that no request comes from a moment on: the load ends before its time."""
        self._ends_s = at_s

    def ended_request(self, request: Request, at_s: float) -> None:
        """Hear that a request has ended; it was sent, whichever pace was known of by then."""
        if request.number < EXTRA:
            while (arrival := self._load.peek()) and arrival.number <= request.number:
                self._send_next(arrival)
        super().ended_request(request, at_s)

    def _send_next(self, arrival: Arrival) -> None:
        self._load.take()
        self.sent_request(arrival)

    def ended_call(self, span: Span) -> None:
        """Hear that a call has ended; for its caller, it has also begun only now."""
        if span.kind == "client":
            self._start(f"{span.caller}->{span.callee}")
        super().ended_call(span)
