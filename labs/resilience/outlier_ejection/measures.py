"""A measure of this lab's own: what an ejection costs in requests."""

from functools import partial

from harness.measures.calls import calls_per_request
from harness.measures.series import increase
from harness.measures.windows import check_called, requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

TAKEN_OUT = "taken_out_total"


def requests_per_ejection(callee: str, start_s: int, end_s: int) -> Measure:
    """Count the requests due in a window that a callee gets, over how often it is taken out.

    Probes do not count: they belong to no request.
    """
    ejections = increase(TAKEN_OUT, start_s, end_s, labels=f'callee="{callee}"')

    def compute(recording: Recording) -> float:
        check_called(recording, (callee,))
        due = requests_due(recording, start_s, end_s)
        sent = len(due) * calls_per_request(recording, (callee,), start_s, end_s)
        times = ejections.compute(recording)
        if not times:
            raise NoDataError(f"{callee} was never taken out in {start_s:g}-{end_s:g} s")
        return sent / times

    return Measure(
        name=f"requests to {callee} for each ejection, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(requests_per_ejection, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,), metrics=(TAKEN_OUT,)),
    )
