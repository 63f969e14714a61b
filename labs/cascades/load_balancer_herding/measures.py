"""A measure of this lab's own: how long an answer takes on average."""

from statistics import fmean

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def mean_response_s(start_s: float, end_s: float) -> Measure:
    """Mean time from when a request was due until its good answer, of those due in a window."""

    def compute(recording: Recording) -> float:
        times_s = [one.latency_s for one in requests_due(recording, start_s, end_s) if one.good]
        if not times_s:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s had a good answer")
        return fmean(times_s)

    return Measure(
        name=f"mean time to an answer, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=mean_response_s,
        reads=Reads(window=(start_s, end_s)),
    )
