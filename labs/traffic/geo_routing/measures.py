"""A measure of this lab's own: how long it takes until the last user is served again."""

from harness.measures.windows import check_window
from harness.model.expect import Measure, Reads
from harness.recording import Recording


def last_lost_s(after_s: float, end_s: float) -> Measure:
    """Time from a moment until the last request is due that gets no good answer; 0 without one."""

    def compute(recording: Recording) -> float:
        check_window(recording, after_s, end_s)
        lost = [one.intended_s for one in recording.due(after_s, end_s) if not one.good]
        return max(lost, default=after_s) - after_s

    return Measure(
        name=f"the last request lost, after {after_s:g} s",
        unit="s",
        compute=compute,
        over=last_lost_s,
        reads=Reads(window=(after_s, end_s)),
    )
