"""What only the lesson shows: how long it takes until the sick server is first out."""

from itertools import pairwise

from harness.measures.windows import requests_due, traces
from harness.model.expect import Measure, NoDataError
from harness.recording import Recording
from labs.resilience.outlier_ejection.predictions import ILL, RATE, SICK, TURN

GAP_S = 3 / (RATE * TURN)
"""Longer than from one turn to the next: the sick server has lost its turn."""


def _first_out_s(recording: Recording) -> float:
    due = traces(requests_due(recording, *ILL))
    starts = sorted(
        span.start_s
        for span in recording.spans
        if span.kind == "client" and span.callee == SICK and span.trace[16:] in due
    )
    outs = (one - ILL[0] for one, after in pairwise([*starts, ILL[1]]) if after - one > GAP_S)
    if (first_s := next(outs, None)) is None:
        raise NoDataError(f"{SICK} has never lost its turn")
    return first_s


FIGURES = (Measure(name=f"until {SICK} is first out", unit="s", compute=_first_out_s),)
