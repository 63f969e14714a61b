"""What only the lesson shows: when the last payment failed."""

from harness.model.expect import Measure
from harness.recording import Recording


def _last_failure_s(recording: Recording) -> float:
    due = (one for one in recording.due(5, 17) if one.path.startswith("/payments"))
    return max((one.intended_s for one in due if not one.good), default=5.0)


FIGURES = (Measure(name="last payment that failed, 5-17 s", unit="s", compute=_last_failure_s),)
