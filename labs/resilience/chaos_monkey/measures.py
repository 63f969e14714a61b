"""Measures of this lab's own: what users see while so many are dead, and what a kill costs.

Who is dead, and when, is read from the run's own log of faults: it is drawn anew for each seed.
"""

from collections import Counter

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def good_while_dead(dead: int, after_s: float) -> Measure:
    """Good answers over requests due while so many are dead that were killed at one moment.

    Those due in the first `after_s` seconds after the kill are left out.
    """

    def compute(recording: Recording) -> float:
        hit = Counter((fault.start_s, fault.end_s) for fault in recording.faults)
        blows = [(start_s + after_s, end_s) for (start_s, end_s), n in hit.items() if n == dead]
        due = [one for start_s, end_s in blows for one in recording.due(start_s, end_s)]
        if not due:
            raise NoDataError(f"no request was due while {dead} were dead")
        return sum(one.good for one in due) / len(due)

    return Measure(
        name=f"good answers with {dead} dead, from {after_s:.1f} s on",
        compute=compute,
        is_share=True,
    )


def failures_per_kill(start_s: float, end_s: float) -> Measure:
    """Count the requests due in a window without a good answer, over the kills in it."""

    def compute(recording: Recording) -> float:
        failed = sum(not one.good for one in requests_due(recording, start_s, end_s))
        kills = sum(start_s <= fault.start_s < end_s for fault in recording.faults)
        if not kills:
            raise NoDataError(f"nobody was killed in {start_s:g}-{end_s:g} s")
        return failed / kills

    return Measure(
        name=f"requests failed for each kill, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=failures_per_kill,
        reads=Reads(window=(start_s, end_s)),
    )
