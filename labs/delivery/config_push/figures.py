"""What only the lesson shows: how many customers came while the rate was bad."""

from harness.measures.windows import requests_due
from harness.model.expect import Measure
from harness.recording import Recording


def _asked(recording: Recording) -> float:
    return len(requests_due(recording, 6, 16))


FIGURES = (Measure(name="requests, 6-16 s", compute=_asked),)
