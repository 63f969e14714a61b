"""A measure of this lab's own: how long until so many calls have ended well."""

import math
from functools import partial

from harness.measures.windows import check_called, check_window
from harness.model.expect import Measure, Reads
from harness.recording import Recording

GOOD = "200"


def nth_good_call_s(number: int, callee: str, route: str, start_s: float, end_s: float) -> Measure:
    """From a window's start until so many calls of a route that began in it have ended well.

    Infinite when fewer do.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        ends_s = sorted(
            span.end_s
            for span in recording.spans
            if (span.kind, span.callee, span.route, span.status) == ("client", callee, route, GOOD)
            and start_s <= span.start_s < end_s
        )
        return ends_s[number - 1] - start_s if len(ends_s) >= number else math.inf

    return Measure(
        name=f"until {number} calls of {callee}{route} were good, from {start_s:g} s",
        unit="s",
        compute=compute,
        over=partial(nth_good_call_s, number, callee, route),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )
