"""A measure of this lab's own: how many orders are booked in a second."""

from harness.measures.series import increase
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

BOOKED, TOOK = "booked_total", "took_seconds_total"


def booked_rps(start_s: float, end_s: float) -> Measure:
    """Orders booked a second, in the rounds that ended between two whole seconds of the run.

    It divides by the time that these rounds took, and not by the window's: a window cuts rounds.
    """
    booked, took = (increase(name, int(start_s), int(end_s)) for name in (BOOKED, TOOK))

    def compute(recording: Recording) -> float:
        seconds = took.compute(recording)
        if not seconds:
            raise NoDataError(f"no round ended in {start_s:g}-{end_s:g} s")
        return booked.compute(recording) / seconds

    return Measure(
        name=f"orders booked, {start_s:g}-{end_s:g} s",
        unit="/s",
        compute=compute,
        over=booked_rps,
        reads=Reads(window=(start_s, end_s), metrics=(BOOKED, TOOK)),
    )
