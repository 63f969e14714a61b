"""Measures of this lab's own: what the origin is asked for, and how long a miss takes."""

from functools import partial

from harness.measures import quantile_of
from harness.measures.windows import call_starts, check_called_by, check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def fetches(start_s: float, end_s: float) -> Measure:
    """Count the calls to the origin that begin in a window: the pages that caches ask it for."""

    def compute(recording: Recording) -> float:
        return len(call_starts(recording, "origin", start_s, end_s))

    return Measure(
        name=f"requests at the origin, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=fetches,
        reads=Reads(window=(start_s, end_s), callees=("origin",)),
    )


def miss_ms(edge: str, start_s: float, end_s: float) -> Measure:
    """Median time that an edge's calls take which begin in a window, in milliseconds."""

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called_by(recording, edge)
        took_s = [
            span.end_s - span.start_s
            for span in recording.spans
            if span.kind == "client" and span.caller == edge and start_s <= span.start_s < end_s
        ]
        if not took_s:
            raise NoDataError(f"{edge} made no call in {start_s:g}-{end_s:g} s")
        return 1000 * quantile_of(took_s, 0.5)

    return Measure(
        name=f"a miss in {edge}, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=partial(miss_ms, edge),
        reads=Reads(window=(start_s, end_s), hosts=(edge,)),
    )
