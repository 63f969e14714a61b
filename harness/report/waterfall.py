"""The waterfall of one request: who called whom, when, and what of it was for nothing.

A server's bar covers queueing and serving. What lies after its caller had given up is wasted.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.measures.waste import given_up_s
from harness.model.lab import CLIENT
from harness.recording import Recording, Request, number_of, root_context
from harness.report.text import cut, figure
from services.tracing import Span

AFTERMATH_S = 2.0
"""How long after the last fault a request still counts as sent just after it."""

ROOMY = 3.0
"""Up to this many times the request's own time everything is drawn to its end."""

CLIPPED = 1.4
"""The share of the request's own time that is drawn when something lasts much longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line, in milliseconds from the time at which the request was due.

    `end_ms` is NaN when no end was recorded; `wasted_ms` is where the waste begins, else NaN.
    """

    depth: int
    name: str
    is_call: bool
    status: str
    start_ms: float
    end_ms: float
    wasted_ms: float = math.nan

    @property
    def took(self) -> str:
        """Say how long it lasted."""
        took_ms = self.end_ms - self.start_ms
        return "no end seen" if math.isnan(took_ms) else f"{took_ms:,.0f} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The bars of one request, as a tree in the order of their starts; the first is its own.

    Drawn from 0 to `scale_ms`; what ends later is clipped, with an arrow.
    """

    number: int
    variant: str
    engine: str
    due_s: float
    bars: tuple[Bar, ...]
    scale_ms: float

    @property
    def title(self) -> str:
        """Say which request it is and how it went."""
        first = self.bars[0]
        unanswered = math.isnan(first.end_ms)
        how = f"{first.status}, no answer" if unanswered else f"{first.status} after {first.took}"
        return f"request {self.number}, due at {self.due_s:.2f} s: {how}"

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Give the bars' numbers as words."""
        for bar in self.bars:
            moments_ms = (bar.start_ms, bar.end_ms, bar.wasted_ms)
            yield (bar.name, bar.status, *(figure(at_ms) for at_ms in moments_ms))

    def share(self, at_ms: float) -> float:
        """Give a moment's place on the scale, 0 to 1; 1 for what is beyond it or unknown."""
        return 1.0 if math.isnan(at_ms) else min(1.0, max(0.0, at_ms / self.scale_ms))

    def is_clipped(self, bar: Bar) -> bool:
        """Say whether a bar goes on beyond the scale."""
        return not bar.end_ms <= self.scale_ms


def choose(recording: Recording, *, broken: bool) -> int | None:
    """Pick a telling request; None when there is none at all.

    Of a broken variant the one with the most calls that was due in a fault or just after it, and
    of those the one that wasted most; of others the slowest good one since the first fault.
    """
    if not recording.requests:
        return None
    start_s = min((fault.start_s for fault in recording.faults), default=0.0)
    end_s = max((fault.end_s for fault in recording.faults), default=recording.duration_s)
    good = (request for request in recording.due(start_s, math.inf) if request.good)
    slowest = max(good, key=lambda request: request.latency_s, default=None)
    if slowest and not broken:
        return slowest.number
    candidates = recording.between(start_s, end_s + AFTERMATH_S) or recording.requests
    return _most_trouble(recording, [request.number for request in candidates])


def tree(recording: Recording, number: int) -> Waterfall:
    """Lay out one request of a recording.

    Raises:
        LookupError: the recording holds no request of that number.

    """
    request = next((item for item in recording.requests if item.number == number), None)
    if request is None:
        raise LookupError(f"no request {number}; the last is {len(recording.requests) - 1}")
    own = (span for span in recording.spans if number_of(span.trace) == number)
    spans = sorted(own, key=lambda span: span.start_s)
    entry = root_context(recording.seed, number).span
    bars = (_root(request, entry, spans), *_Family(request, spans).bars())
    return Waterfall(
        number=number,
        variant=recording.variant,
        engine=recording.engine,
        due_s=request.intended_s,
        bars=bars,
        scale_ms=_scale(bars),
    )


def as_text(waterfall: Waterfall, width: int) -> str:
    """Draw a waterfall in characters, no line longer than `width`."""
    names = ["  " * bar.depth + bar.name for bar in waterfall.bars]
    ends = [f"{bar.status:>9} {bar.took:>9}" for bar in waterfall.bars]
    end_width = max(map(len, ends)) if width >= ROOM_FOR_ENDS else 0
    name_width = min(max(map(len, names)), max(1, (width - end_width) // 2))
    room = max(1, width - name_width - end_width - 2)
    lines = [waterfall.title]
    for bar, name, end in zip(waterfall.bars, names, ends, strict=True):
        drawn = _drawn(waterfall, bar, room)
        lines.append(f"{cut(name, name_width):<{name_width}} {drawn:<{room}} {end[:end_width]}")
    lines.append(" " * (name_width + 1) + _scale_line(waterfall.scale_ms, room))
    if any(not math.isnan(bar.wasted_ms) for bar in waterfall.bars):
        lines.append("░ wasted: its caller had given up")
    if any(waterfall.is_clipped(bar) for bar in waterfall.bars):
        lines.append("▶ goes on beyond the scale")
    return "\n".join(cut(line.rstrip(), width) for line in lines)


ROOM_FOR_ENDS = 60
"""From this width on the lines of `as_text` end with status and duration."""


class _Family:
    """The spans of one request by their parents; strays hang under the request itself."""

    def __init__(self, request: Request, spans: Sequence[Span]) -> None:
        self._due_s = request.intended_s
        self._children: dict[str, list[Span]] = {}
        for span in spans:
            self._children.setdefault(span.parent, []).append(span)
        known = {span.span for span in spans}
        self._given_up_s = given_up_s(spans)
        self._tops = [span for span in spans if span.parent not in known]
        self._spans = spans
        self._done: set[str] = set()

    def bars(self) -> Iterator[Bar]:
        """Give all bars, each span once, even of spans that claim to descend from themselves."""
        for span in [*self._tops, *self._spans]:
            yield from self._under(span, 1)

    def _under(self, span: Span, depth: int) -> Iterator[Bar]:
        if span.span in self._done:
            return
        self._done.add(span.span)
        up_s = self._given_up_s[span.span]
        yield Bar(
            depth=depth,
            name=_name(span),
            is_call=span.kind == "client",
            status=span.status,
            start_ms=self._ms(span.start_s),
            end_ms=self._ms(span.end_s),
            wasted_ms=self._ms(up_s) if span.end_s > up_s else math.nan,
        )
        for child in self._children.get(span.span, ()):
            yield from self._under(child, depth + 1)

    def _ms(self, at_s: float) -> float:
        return 1000 * (at_s - self._due_s)


def _name(span: Span) -> str:
    if span.kind != "client":
        return span.callee
    return f"→ {span.callee}" + (f", try {span.attempt}" if span.attempt else "")


def _root(request: Request, own: str, spans: Sequence[Span]) -> Bar:
    entry = next((span.callee for span in spans if span.parent == own), "?")
    return Bar(
        depth=0,
        name=f"{CLIENT} → {entry}",
        is_call=True,
        status=request.status,
        start_ms=0.0,
        end_ms=1000 * request.latency_s,
    )


def _most_trouble(recording: Recording, numbers: Sequence[int]) -> int:
    """Give the request with the most calls, and of those the one whose work went on longest."""
    calls = Counter[int]()
    last_call_s, last_work_s = dict[int, float](), dict[int, float]()
    wanted = set(numbers)
    for span in recording.spans:
        number = number_of(span.trace)
        if number in wanted:
            calls[number] += span.kind == "client"
            last_s = last_call_s if span.kind == "client" else last_work_s
            last_s[number] = max(last_s.get(number, 0.0), span.end_s)
    return max(
        numbers, key=lambda one: (calls[one], last_work_s.get(one, 0.0) - last_call_s.get(one, 0.0))
    )


def _scale(bars: Sequence[Bar]) -> float:
    ends = [bar.end_ms for bar in bars if not math.isnan(bar.end_ms)]
    last_ms = max(ends, default=0.0)
    own_ms = bars[0].end_ms
    clips = not math.isnan(own_ms) and last_ms > ROOMY * own_ms
    return max(1.0, CLIPPED * own_ms if clips else last_ms)


def _drawn(waterfall: Waterfall, bar: Bar, room: int) -> str:
    if bar.start_ms >= waterfall.scale_ms:
        return f"from {bar.start_ms:,.0f} ms ▶".rjust(room)[-room:]
    start = min(room - 1, int(waterfall.share(bar.start_ms) * room))
    end = max(start + 1, round(waterfall.share(bar.end_ms) * room))
    wasted = end
    if not math.isnan(bar.wasted_ms):
        wasted = max(start, round(waterfall.share(bar.wasted_ms) * room))
    drawn = " " * start + "█" * (wasted - start) + "░" * (end - wasted)
    return drawn[:-1] + "▶" if waterfall.is_clipped(bar) else drawn


def _scale_line(scale_ms: float, room: int) -> str:
    last = f"{scale_ms:,.0f} ms"
    return "0" + last.rjust(room - 1)
