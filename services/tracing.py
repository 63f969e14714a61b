"""Spans: one row for each hop and attempt of a request, joined by W3C trace context.

A caller writes a *client* span for each attempt and the callee a *server* span for the work that
the attempt caused. The two differ when the caller gives up first: that gap is wasted work.

Source of the header: W3C Trace Context, https://www.w3.org/TR/trace-context/.
"""

from contextvars import ContextVar
from typing import NamedTuple

HEADER = "traceparent"


class Span(NamedTuple):
    """One hop of one attempt, times in seconds of the run's own clock."""

    trace: str
    span: str
    parent: str
    kind: str
    caller: str
    callee: str
    attempt: int
    start_s: float
    end_s: float
    status: str


class SpanContext(NamedTuple):
    """What a hop passes on: the trace (32 hex digits) and the sender's span (16)."""

    trace: str
    span: str

    def header(self) -> str:
        """Give the value of a `traceparent` header, always marked as sampled."""
        return f"00-{self.trace}-{self.span}-01"


CURRENT: ContextVar[SpanContext | None] = ContextVar("current_span", default=None)


def parse(header: str | None) -> SpanContext | None:
    """Read a `traceparent` value; None when there is none or it is malformed."""
    parts = header.split("-") if header else []
    well_formed = [len(part) for part in parts] == [2, 32, 16, 2]
    return SpanContext(parts[1], parts[2]) if well_formed else None


class SpanIds:
    """Ids of one host: a prefix of its name's bytes, then a counter, so reruns agree."""

    def __init__(self, host: str) -> None:
        self._prefix = host.encode()[:4].hex().ljust(8, "0")
        self._count = 0

    def next(self) -> str:
        """Give the next id, 16 hex digits."""
        self._count += 1
        return f"{self._prefix}{self._count:08x}"
