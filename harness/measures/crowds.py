"""What a crowd sees: any measure of requests, taken of those that people of a service have made.

The people of `services.crowd` write no log: each of their requests is a trace of its own, and its
tries are the spans in it. From them the same rows are made as the load's log has, on both engines,
so that every measure of requests is one of crowds as well. What is still under way when the run
ends has left no span: let windows end before that.
"""

import math
from collections import defaultdict
from dataclasses import replace

from harness.measures.waste import answered
from harness.measures.windows import check_called_by, check_window, is_host_of
from harness.model.expect import Measure, Reads
from harness.recording import Recording, Request, number_of
from services.tracing import Span, is_background


def seen_by(crowd: str, measure: Measure) -> Measure:
    """Take a measure of the load's requests of those of a crowd, a service's or one host's.

    Raises:
        ValueError: the measure reads answers' texts, which spans do not hold.

    """
    if measure.reads.answers:
        raise ValueError(f"{measure.name} reads answers, which a crowd does not keep")

    def compute(recording: Recording) -> float:
        return measure.compute(replace(recording, requests=asked_by(recording, crowd)))

    over = measure.over
    # Its paths are the crowd's, and not those that the load asks for.
    reads = replace(measure.reads, paths=(), hosts=(*measure.reads.hosts, crowd))
    return replace(
        measure,
        name=f"{measure.name}, seen by {crowd}",
        compute=compute,
        over=over and (lambda start_s, end_s: seen_by(crowd, over(start_s, end_s))),
        reads=reads,
    )


def requests(crowd: str, start_s: float, end_s: float) -> Measure:
    """Count the requests that a crowd began in a window: what closed loops hold back."""

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        made = asked_by(recording, crowd)
        return sum(start_s <= one.intended_s < end_s for one in made)

    return Measure(
        name=f"requests of {crowd}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: requests(crowd, start_s, end_s),
        reads=Reads(window=(start_s, end_s), hosts=(crowd,)),
    )


def asked_by(recording: Recording, crowd: str) -> list[Request]:
    """Give a crowd's requests of the run as the load's log would have them, in order of time.

    A request's path is its route, before it is filled in; its status is that of its last try.

    Raises:
        NoDataError: the crowd has called nobody.

    """
    check_called_by(recording, crowd)
    tries: dict[str, list[Span]] = defaultdict(list)
    for span in recording.spans:
        if span.kind == "client" and is_background(span.trace) and is_host_of(span.caller, crowd):
            tries[span.trace].append(span)
    made = [_request(sorted(spans, key=lambda span: span.start_s)) for spans in tries.values()]
    within = (one for one in made if 0 <= one.intended_s < recording.duration_s)
    return sorted(within, key=lambda one: (one.intended_s, one.number))


def _request(tries: list[Span]) -> Request:
    first, last = tries[0], tries[-1]
    answered_s = last.end_s if answered(last) else math.nan
    return Request(
        number=number_of(first.trace),
        path=first.route,
        intended_s=first.start_s,
        sent_s=first.start_s,
        answered_s=answered_s,
        status=last.status,
        to=first.callee,
    )
