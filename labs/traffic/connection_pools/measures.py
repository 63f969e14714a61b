"""A measure of this lab's own: how many queries a database has done in a time."""

from functools import partial

from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

DONE = "200"


def done_rps(host: str, start_s: float, end_s: float) -> Measure:
    """Count the requests a second that a host ended well in a window, whenever they had come."""

    def compute(recording: Recording) -> float:
        ends = [
            span.end_s
            for span in recording.spans
            if (span.kind, span.callee, span.status) == ("server", host, DONE)
        ]
        if not ends:
            raise NoDataError(f"{host} has ended no request well")
        return sum(start_s <= at_s < end_s for at_s in ends) / (end_s - start_s)

    return Measure(
        name=f"queries that {host} does, {start_s:g}-{end_s:g} s",
        unit="/s",
        compute=compute,
        over=partial(done_rps, host),
        reads=Reads(window=(start_s, end_s), hosts=(host,)),
    )
