"""What only the lesson shows: how many writes the cut-off node was asked for."""

from harness.measures.windows import requests_due
from harness.model.expect import Measure
from harness.recording import Recording


def _asked(recording: Recording) -> float:
    due = requests_due(recording, 5, 13)
    return sum(one.to == "node-1" and one.method == "PUT" for one in due)


FIGURES = (Measure(name="writes asked of node-1, 5-13 s", compute=_asked),)
