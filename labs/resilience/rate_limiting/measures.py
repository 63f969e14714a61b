"""Measures of this lab's own: what a limit lets through at most, and who is refused or too late."""

from collections.abc import Callable
from functools import partial

from harness.measures.windows import check_called, check_window, requests_due, traces
from harness.model.expect import Measure, Reads
from harness.recording import Recording, Request

REFUSED = "429"


def most_let_through(
    span_s: float, path: str, callee: str, start_s: float, end_s: float
) -> Measure:
    """Count the calls to a callee in the span of so many seconds that has most.

    Of the calls that began in a window, for requests whose path begins with `path`.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        asked = traces(one for one in recording.requests if one.path.startswith(path))
        times_s = sorted(
            span.start_s
            for span in recording.spans
            if span.kind == "client"
            and span.callee == callee
            and start_s <= span.start_s < end_s
            and span.trace[16:] in asked
        )
        most = first = 0
        for place, at_s in enumerate(times_s):
            while at_s - times_s[first] >= span_s:
                first += 1
            most = max(most, place + 1 - first)
        return most

    return Measure(
        name=f"most let through of {path} in {span_s:g} s, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(most_let_through, span_s, path, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,), paths=(path,)),
    )


def refused_ratio(path: str, start_s: float, end_s: float) -> Measure:
    """Share of the requests due in a window that a limit has refused (429)."""
    return Measure(
        name=f"refused of {path}, {start_s:g}-{end_s:g} s",
        compute=partial(_share, _is_refused, path, (start_s, end_s)),
        over=partial(refused_ratio, path),
        reads=_reads(path, start_s, end_s),
        is_share=True,
    )


def late_ratio(path: str, start_s: float, end_s: float) -> Measure:
    """Share of the requests due in a window that were let through and not answered in time."""
    return Measure(
        name=f"too late of {path}, {start_s:g}-{end_s:g} s",
        compute=partial(_share, _is_late, path, (start_s, end_s)),
        over=partial(late_ratio, path),
        reads=_reads(path, start_s, end_s),
        is_share=True,
    )


def _reads(path: str, start_s: float, end_s: float) -> Reads:
    return Reads(window=(start_s, end_s), paths=(path,))


def _is_refused(request: Request) -> bool:
    return request.status == REFUSED


def _is_late(request: Request) -> bool:
    return not request.good and not _is_refused(request)


def _share(
    is_one: Callable[[Request], bool],
    path: str,
    window: tuple[float, float],
    recording: Recording,
) -> float:
    due = requests_due(recording, *window, path)
    return sum(map(is_one, due)) / len(due)
