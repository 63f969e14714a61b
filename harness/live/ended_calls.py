"""The tally of a run whose calls are told when they end, as containers' logs tell them."""

from collections.abc import Iterator

from harness.engines.sim.tally import Tally
from harness.model.send import Arrival
from services.tracing import Span


class EndedCalls(Tally):
    """Counts calls by link from spans, and takes requests as sent when their time has come."""

    def __init__(self, arrivals: Iterator[Arrival]) -> None:
        super().__init__()
        self._arrivals = arrivals
        self._next = next(arrivals, None)

    def pass_time(self, now_s: float) -> None:
        """Count the load's requests up to a moment: each is sent when it is due, or not at all."""
        while self._next is not None and self._next.at_s <= now_s:
            self.sent_request(self._next)
            self._next = next(self._arrivals, None)

    def end_load(self) -> None:
        """Take it that no more requests come: the load was ended before its time."""
        self._next = None

    def ended_call(self, span: Span) -> None:
        """Hear that a call has ended; for its caller, it has also begun only now."""
        if span.kind == "client":
            self._start(f"{span.caller}->{span.callee}")
        super().ended_call(span)
