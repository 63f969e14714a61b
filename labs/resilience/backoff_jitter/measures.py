"""Measures of this lab's own: how soon callers come back, and how long until all are served."""

import math
from collections import defaultdict
from functools import partial
from itertools import pairwise

from harness.measures.windows import check_called, check_window, requests_due
from harness.model.expect import Measure, Reads
from harness.recording import Recording


def first_to_last_s(start_s: float, end_s: float) -> Measure:
    """Time from the first good answer to the last, of the requests due in a window.

    Infinite when one of them never gets a good answer.
    """

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        if not all(one.good for one in due):
            return math.inf
        answered_s = [one.answered_s for one in due]
        return max(answered_s) - min(answered_s)

    return Measure(
        name=f"from the first good answer to the last, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=first_to_last_s,
        reads=Reads(window=(start_s, end_s)),
    )


def hasty_calls(callee: str, pause_s: float, start_s: float, end_s: float) -> Measure:
    """Count the calls that came again for the same request before a pause was over.

    Of the calls to a callee that began in a window; the pause is from the end of the call before.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        tries = defaultdict(list)
        for span in recording.spans:
            is_call = span.kind == "client" and span.callee == callee
            if is_call and start_s <= span.start_s < end_s:
                tries[span.trace].append((span.start_s, span.end_s))
        return sum(
            again_s - ended_s < pause_s
            for made in tries.values()
            for (_, ended_s), (again_s, _) in pairwise(sorted(made))
        )

    return Measure(
        name=f"calls to {callee} again within {pause_s:g} s, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(hasty_calls, callee, pause_s),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )
