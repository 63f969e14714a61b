"""Measures: pure functions from a recording to a number, named for people.

Windows are half-open and in seconds of the run; a request belongs to the second in which it was
due, however late it was sent or answered.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise

from harness.model.expect import Measure
from harness.recording import Recording, Request

HEALTHY = 0.95
"""The share of good answers from which on a second counts as healthy."""


def success_ratio(start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Good answers over requests due in a window, 0 to 1; of those whose path begins with one."""

    def of(recording: Recording) -> float:
        requests, good = _counted(_due(recording, start_s, end_s, path))
        return _ratio(good, requests)

    whose = f" of {path}" if path else ""
    return Measure(
        name=f"good answers{whose}, {start_s:g}-{end_s:g} s",
        of=of,
        over=partial(success_ratio, path=path),
    )


def failures(start_s: float, end_s: float) -> Measure:
    """Count the requests due in a window that got no good answer: the blast radius."""

    def of(recording: Recording) -> float:
        requests, good = _counted(recording.due(start_s, end_s))
        return requests - good

    return Measure(name=f"requests failed, {start_s:g}-{end_s:g} s", of=of, over=failures)


def answer_ratio(text: str, start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Share of the requests due in a window whose answer contains a text, 0 to 1.

    The load must `keep_answers`, and the requests are those whose path begins with `path`.
    """

    def of(recording: Recording) -> float:
        found = Counter(text in one.answer for one in _due(recording, start_s, end_s, path))
        return _ratio(found[True], found.total())

    whose = f" from {path}" if path else ""
    return Measure(
        name=f"answers {text!r}{whose}, {start_s:g}-{end_s:g} s",
        of=of,
        over=partial(answer_ratio, text, path=path),
    )


def goodput_rps(start_s: float, end_s: float) -> Measure:
    """Good answers a second, over the requests due in a window."""

    def of(recording: Recording) -> float:
        _, good = _counted(recording.due(start_s, end_s))
        return _ratio(good, end_s - start_s)

    return Measure(name=f"goodput, {start_s:g}-{end_s:g} s", unit="/s", of=of, over=goodput_rps)


def attempts_per_request(callee: str, start_s: float, end_s: float) -> Measure:
    """Count calls that reach for a callee, over the requests due in a window."""

    def of(recording: Recording) -> float:
        due = _traces(recording.due(start_s, end_s))
        calls = sum(
            span.kind == "client" and span.callee == callee and span.trace[16:] in due
            for span in recording.spans
        )
        return _ratio(calls, len(due))

    return Measure(
        name=f"calls to {callee} per request, {start_s:g}-{end_s:g} s",
        of=of,
        over=partial(attempts_per_request, callee),
    )


def attempts_rps(callee: str, start_s: float, end_s: float) -> Measure:
    """Count calls a second to a callee that began in a window, whenever their request was due."""

    def of(recording: Recording) -> float:
        return _ratio(len(_call_starts(recording, callee, start_s, end_s)), end_s - start_s)

    return Measure(name=f"calls to {callee}, {start_s:g}-{end_s:g} s", unit="/s", of=of)


def calls_per_burst(callee: str, start_s: float, end_s: float, *, gap_s: float = 0.5) -> Measure:
    """Count the calls to a callee that began in a window, over the bursts that they came in.

    A burst ends where no call begins for `gap_s`.
    """

    def of(recording: Recording) -> float:
        starts = _call_starts(recording, callee, start_s, end_s)
        bursts = sum(later - earlier > gap_s for earlier, later in pairwise([-math.inf, *starts]))
        return _ratio(len(starts), bursts)

    return Measure(name=f"calls to {callee} per burst, {start_s:g}-{end_s:g} s", of=of)


def longest_silence_s(callee: str, start_s: float, end_s: float) -> Measure:
    """Take the longest time within a window in which no call to a callee began."""

    def of(recording: Recording) -> float:
        starts = _call_starts(recording, callee, start_s, end_s)
        return max(later - earlier for earlier, later in pairwise([start_s, *starts, end_s]))

    name = f"longest time without a call to {callee}, {start_s:g}-{end_s:g} s"
    return Measure(name=name, unit="s", of=of, over=partial(longest_silence_s, callee))


def largest_share(*callees: str, start_s: float, end_s: float, slice_s: float) -> Measure:
    """Of the calls to some callees in a slice of time, the share of the one that got most.

    That of the slice in which it is largest. Slices follow each other from the start; what is left
    at the end is none.
    """

    def of(recording: Recording) -> float:
        count = int(round((end_s - start_s) / slice_s, 9))
        slices = [Counter[str]() for _ in range(count)]
        for span in recording.spans:
            if span.kind == "client" and span.callee in callees and span.start_s >= start_s:
                number = int((span.start_s - start_s) / slice_s)
                if number < count:
                    slices[number][span.callee] += 1
        shares = [max(calls.values()) / calls.total() for calls in slices if calls]
        return max(shares, default=math.nan)

    return Measure(
        name=f"largest share of one callee in {slice_s:g} s, {start_s:g}-{end_s:g} s", of=of
    )


def first_good_call_s(callee: str, after_s: float, *, worst: bool = False) -> Measure:
    """From a moment to the start of the first call that then ends well, averaged over callers.

    With `worst`, that of the caller which takes longest; infinite when one never succeeds.
    """

    def of(recording: Recording) -> float:
        first: dict[str, float] = {}
        for span in recording.spans:
            if span.kind == "client" and span.callee == callee:
                first.setdefault(span.caller, math.inf)
                if span.start_s >= after_s and span.status.startswith("2"):
                    first[span.caller] = min(first[span.caller], span.start_s - after_s)
        if not first:
            return math.nan
        return max(first.values()) if worst else math.fsum(first.values()) / len(first)

    whose = "the last caller" if worst else "a caller"
    return Measure(name=f"until {whose} finds {callee} well, from {after_s:g} s", unit="s", of=of)


def wasted_ratio(callee: str, start_s: float, end_s: float) -> Measure:
    """Of the work that a callee did on requests due in a window, what nobody waited for.

    The callee is what calls name, or one host; work for calls to a service is that of all its
    replicas. The load's own calls are not traced: name a host for them.
    """

    def of(recording: Recording) -> float:
        due = _traces(recording.due(start_s, end_s))
        named, given_up_s = set[str](), dict[str, float]()
        for call in recording.spans:
            if call.kind == "client" and call.trace[16:] in due:
                if call.callee == callee:
                    named.add(call.span)
                if call.status == "abandoned":
                    given_up_s[call.span] = call.end_s
        served = wasted = 0
        for span in recording.spans:
            its = span.callee == callee or span.parent in named
            if its and span.kind == "server" and span.trace[16:] in due:
                served += 1
                wasted += span.end_s > given_up_s.get(span.parent, math.inf)
        return _ratio(wasted, served)

    return Measure(name=f"wasted work of {callee}, {start_s:g}-{end_s:g} s", of=of)


def recovery_s() -> Measure:
    """From the last fault's end to the first second after which every second is healthy.

    Infinite when the run ends unhealthy; NaN when the lab has no fault.
    """

    def of(recording: Recording) -> float:
        if not recording.faults:
            return math.nan
        end_s = max(fault.end_s for fault in recording.faults)
        sick = [second for second, share in enumerate(by_second(recording)) if share < HEALTHY]
        well_s = max(sick, default=-1) + 1
        return max(0.0, well_s - end_s) if well_s < recording.duration_s else math.inf

    return Measure(name="time to recover", unit="s", of=of)


def latency_ms(quantile: float, start_s: float, end_s: float) -> Measure:
    """Take a quantile of the good answers' latency, from the intended time on, in milliseconds."""

    def of(recording: Recording) -> float:
        return percentile_ms(recording.due(start_s, end_s), quantile)

    name = f"p{100 * quantile:g} latency, {start_s:g}-{end_s:g} s"
    return Measure(name=name, unit="ms", of=of, over=partial(latency_ms, quantile))


def percentile_ms(requests: Iterable[Request], quantile: float) -> float:
    """Give a quantile of the good answers' latency, NaN when there are none."""
    return 1000 * quantile_of((one.latency_s for one in requests if one.good), quantile)


def quantile_of(values: Iterable[float], quantile: float) -> float:
    """Give a quantile (nearest rank), NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    # Rounded first: 0.07 x 100 is a little more than 7 in binary.
    rank = max(0, math.ceil(round(quantile * len(ordered), 9)) - 1)
    return ordered[rank]


def by_second(recording: Recording) -> list[float]:
    """Give the share of good answers for the requests due in each second; 1 where none was."""
    due = [0] * math.ceil(recording.duration_s)
    good = list(due)
    for request in recording.requests:
        due[int(request.intended_s)] += 1
        good[int(request.intended_s)] += request.good
    return [answered / asked if asked else 1.0 for answered, asked in zip(good, due, strict=True)]


def _due(recording: Recording, start_s: float, end_s: float, path: str) -> Iterator[Request]:
    requests = recording.due(start_s, end_s)
    return (request for request in requests if request.path.startswith(path))


def _call_starts(recording: Recording, callee: str, start_s: float, end_s: float) -> list[float]:
    """Give when the calls to a callee began that did so in a window, ascending."""
    return sorted(
        span.start_s
        for span in recording.spans
        if span.kind == "client" and span.callee == callee and start_s <= span.start_s < end_s
    )


def _counted(requests: Iterable[Request]) -> tuple[int, int]:
    """Count requests, and the good ones of them."""
    answers = Counter(request.good for request in requests)
    return answers.total(), answers[True]


def _traces(requests: Iterable[Request]) -> set[str]:
    """Give what the traces of requests end in."""
    return {f"{request.number:016x}" for request in requests}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
