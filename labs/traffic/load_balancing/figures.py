"""What only the lesson shows: how late answers come, and when the last request failed."""

from harness import measures
from harness.model.expect import Measure
from harness.recording import Recording
from labs.traffic.load_balancing.predictions import OLD_S


def _last_failure_s(recording: Recording) -> float:
    due = (one.intended_s for one in recording.due(4, 18) if not one.good)
    return max(due, default=4.0)


FIGURES = (
    *(measures.latency_ms(0.99, start_s, end_s) for start_s, end_s in ((0, 4), (4, 9), OLD_S)),
    Measure(name="last failure, 4-18 s", unit="s", compute=_last_failure_s),
)
