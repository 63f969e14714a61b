"""Measures of the calls between services: how many, how they spread, and how many were in vain.

A count of 0 is a value only where the run shows that the callee is called at all: a name that
nobody calls is refused before the run, and is no data in a recording.
"""

import math
from collections import Counter
from collections.abc import Collection
from functools import partial
from itertools import pairwise

from harness.measures.waste import given_up_s
from harness.measures.windows import (
    call_starts,
    check_called,
    check_called_by,
    check_window,
    requests_due,
    traces,
)
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

ORDINALS = {1: "first", 2: "second", 3: "third"}


def attempts_per_request(callee: str, start_s: float, end_s: float) -> Measure:
    """Count calls that reach for a callee, over the requests due in a window."""

    def compute(recording: Recording) -> float:
        check_called(recording, (callee,))
        return calls_per_request(recording, (callee,), start_s, end_s)

    return Measure(
        name=f"calls to {callee} per request, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(attempts_per_request, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )


def calls_per_request(
    recording: Recording, callees: Collection[str], start_s: float, end_s: float
) -> float:
    """Count calls to any of some callees over the requests due in a window; 0 where none came.

    Raises:
        NoDataError: no request was due in the window.

    """
    due = traces(requests_due(recording, start_s, end_s))
    calls = sum(
        span.kind == "client" and span.callee in callees and span.trace[16:] in due
        for span in recording.spans
    )
    return calls / len(due)


def attempts_rps(callee: str, start_s: float, end_s: float) -> Measure:
    """Count calls a second to a callee that began in a window, whenever their request was due."""

    def compute(recording: Recording) -> float:
        return len(call_starts(recording, callee, start_s, end_s)) / (end_s - start_s)

    return Measure(
        name=f"calls to {callee}, {start_s:g}-{end_s:g} s",
        unit="/s",
        compute=compute,
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )


def calls_per_burst(callee: str, start_s: float, end_s: float, *, gap_s: float = 0.5) -> Measure:
    """Count the calls to a callee that began in a window, over the bursts that they came in.

    A burst ends where no call begins for more than `gap_s`.
    """

    def compute(recording: Recording) -> float:
        starts = call_starts(recording, callee, start_s, end_s)
        if not starts:
            raise NoDataError(f"no call to {callee} began in {start_s:g}-{end_s:g} s")
        bursts = sum(later - earlier > gap_s for earlier, later in pairwise([-math.inf, *starts]))
        return len(starts) / bursts

    return Measure(
        name=f"calls to {callee} per burst, {start_s:g}-{end_s:g} s",
        compute=compute,
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )


def longest_silence_s(callee: str, start_s: float, end_s: float) -> Measure:
    """Take the longest time within a window in which no call to a callee began."""

    def compute(recording: Recording) -> float:
        starts = call_starts(recording, callee, start_s, end_s)
        return max(later - earlier for earlier, later in pairwise([start_s, *starts, end_s]))

    return Measure(
        name=f"longest time without a call to {callee}, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=partial(longest_silence_s, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )


def largest_share(*callees: str, start_s: float, end_s: float, slice_s: float) -> Measure:
    """Take the largest share of calls that any one callee received within a slice of time.

    Slices follow each other from the start; what is left at the end is none.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, callees)
        count = int(round((end_s - start_s) / slice_s, 9))
        slices = [Counter[str]() for _ in range(count)]
        for span in recording.spans:
            if span.kind == "client" and span.callee in callees and span.start_s >= start_s:
                number = int((span.start_s - start_s) / slice_s)
                if number < count:
                    slices[number][span.callee] += 1
        shares = [max(calls.values()) / calls.total() for calls in slices if calls]
        if not shares:
            names = ", ".join(callees)
            raise NoDataError(f"no call to {names} began in {start_s:g}-{end_s:g} s")
        return max(shares)

    return Measure(
        name=f"largest share of one callee in {slice_s:g} s, {start_s:g}-{end_s:g} s",
        compute=compute,
        reads=Reads(window=(start_s, end_s), callees=callees),
        is_share=True,
    )


def failed_tries_ratio(
    caller: str, number: int, start_s: float, end_s: float, *, path: str = ""
) -> Measure:
    """Share of a caller's first tries that fail, or its second ones, 0 to 1, as `number` says.

    Of the requests due in a window whose path begins with one, and for which the caller has tried
    so often. A second try is made where the first has failed: if replicas fail independently, it
    fails as often as the first, and else more often.
    """
    which = ORDINALS.get(number, f"{number}th")

    def compute(recording: Recording) -> float:
        due = traces(requests_due(recording, start_s, end_s, path))
        check_called_by(recording, caller)
        ends = [
            span.status
            for span in recording.spans
            if (span.kind, span.caller, span.attempt) == ("client", caller, number)
            and span.trace[16:] in due
        ]
        if not ends:
            whose = f" for {path}" if path else ""
            raise NoDataError(f"{caller} made no {which} try{whose} due in {start_s:g}-{end_s:g} s")
        return sum(not status.startswith("2") for status in ends) / len(ends)

    return Measure(
        name=f"{which} tries that fail, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(failed_tries_ratio, caller, number, path=path),
        reads=Reads(window=(start_s, end_s), hosts=(caller,), paths=(path,) if path else ()),
        is_share=True,
    )


def first_good_call_s(callee: str, after_s: float, *, worst: bool = False) -> Measure:
    """Mean time from `after_s` until each caller's first call that then ends well starts.

    With `worst`, that of the caller which takes longest; infinite when one never succeeds.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, after_s, math.inf)
        check_called(recording, (callee,))
        first: dict[str, float] = {}
        for span in recording.spans:
            if span.kind == "client" and span.callee == callee:
                first.setdefault(span.caller, math.inf)
                if span.start_s >= after_s and span.status.startswith("2"):
                    first[span.caller] = min(first[span.caller], span.start_s - after_s)
        return max(first.values()) if worst else math.fsum(first.values()) / len(first)

    whose = "the last caller" if worst else "a caller"
    return Measure(
        name=f"until {whose} finds {callee} well, from {after_s:g} s",
        unit="s",
        compute=compute,
        reads=Reads(window=(after_s, math.inf), callees=(callee,)),
    )


def wasted_ratio(callee: str, start_s: float, end_s: float) -> Measure:
    """Of the work that a callee did on requests due in a window, what nobody waited for.

    The callee is what calls name, or one host; work for calls to a service is that of all its
    replicas. Work is wasted that goes on after any call above it ended without an answer. The
    load's own calls are not traced: name a host for them.
    """

    def compute(recording: Recording) -> float:
        due = traces(requests_due(recording, start_s, end_s))
        spans = [span for span in recording.spans if span.trace[16:] in due]
        named = {span.span for span in spans if span.kind == "client" and span.callee == callee}
        given_up = given_up_s(spans)
        served = [
            span
            for span in spans
            if span.kind == "server" and (span.callee == callee or span.parent in named)
        ]
        if not served:
            raise NoDataError(
                f"{callee} did no work on the requests due in {start_s:g}-{end_s:g} s"
            )
        return sum(span.end_s > given_up[span.span] for span in served) / len(served)

    return Measure(
        name=f"wasted work of {callee}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(wasted_ratio, callee),
        reads=Reads(window=(start_s, end_s), hosts=(callee,)),
        is_share=True,
    )
