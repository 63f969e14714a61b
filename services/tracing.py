"""Spans: one row for each hop and attempt of a request, joined by W3C trace context.

A caller writes a *client* span for each attempt and the callee a *server* span for the work that
the attempt caused. The two differ when the caller gives up first: that gap is wasted work.

Source of the header: W3C Trace Context, https://www.w3.org/TR/trace-context/.
"""

import re
import zlib
from contextvars import ContextVar
from typing import NamedTuple

HEADER = "traceparent"
FORM = re.compile(
    "[0-9a-f]{2}-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<span>[0-9a-f]{16})-[0-9a-f]{2}"
)


class Span(NamedTuple):
    """One hop of one attempt, times in seconds of the run's own clock.

    `attempt` is 0 where tries are not numbered: in server spans, and in commands to a store.
    `route` is what a caller says that it asks for, such as "/carts/{person}"; most say nothing.
    """

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
    route: str = ""


class SpanContext(NamedTuple):
    """What a hop passes on: the trace (32 hex digits) and the sender's span (16)."""

    trace: str
    span: str

    def header(self) -> str:
        """Give the value of a `traceparent` header, always marked as sampled."""
        return f"00-{self.trace}-{self.span}-01"


BACKGROUND = "0" * 16
CURRENT: ContextVar[SpanContext | None] = ContextVar("current_span", default=None)


def parse(header: str | None) -> SpanContext | None:
    """Read a `traceparent` value; None when there is none or it is malformed."""
    match = FORM.fullmatch(header) if header else None
    return SpanContext(match["trace"], match["span"]) if match else None


def background(span: str) -> SpanContext:
    """Give what precedes a call that no request has caused: a trace of its own, and no sender."""
    return SpanContext(BACKGROUND + span, "")


def is_background(trace: str) -> bool:
    """Say whether a trace began with a call that a service made by itself."""
    return trace.startswith(BACKGROUND)


class SpanIds:
    """Ids of one process: a checksum of its name, then a counter, so reruns agree."""

    def __init__(self, process: str) -> None:
        self._prefix = f"{zlib.crc32(process.encode()):08x}"
        self._count = 0

    def next(self) -> str:
        """Give the next id, 16 hex digits."""
        self._count += 1
        return f"{self._prefix}{self._count:08x}"
