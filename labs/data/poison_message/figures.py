"""What only the lesson shows: how often a consumer has crashed."""

from harness.model.expect import Measure
from harness.recording import Recording


def _crashes(recording: Recording) -> float:
    return sum("ended with code" in note for note in recording.notes)


FIGURES = (Measure(name="crashes", compute=_crashes),)
