"""Wasted work: what a host still does for a call whose caller, or whose caller's, has given up."""

import math
from collections.abc import Iterable

from services.tracing import Span


def answered(span: Span) -> bool:
    """Say whether a call had an answer: a status over HTTP, words of a store."""
    return span.status.isdigit() or span.status in {"ok", "error"}


def given_up_s(spans: Iterable[Span]) -> dict[str, float]:
    """Give for each span when the first of the calls above it ended without an answer.

    Infinite where all of them were answered. Of spans that claim to descend from themselves, each
    call counts once.
    """
    by_id = {span.span: span for span in spans}
    found: dict[str, float] = {}
    for span in by_id.values():
        line: list[Span] = []
        above = by_id.get(span.parent)
        while above is not None and above not in line and above.span != span.span:
            line.append(above)
            above = by_id.get(above.parent)
        ends = (call.end_s for call in line if call.kind == "client" and not answered(call))
        found[span.span] = min(ends, default=math.inf)
    return found
