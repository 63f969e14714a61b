"""Plots for labs of which goodput as a whole is not the point."""

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from harness.measures.series import chosen, gain, starts
from harness.model.expect import Plot, Reads
from harness.recording import Recording

Curves = dict[str, list[float]]


def goodput_by_path() -> Plot:
    """Plot the good answers a second by the path that was asked, as they came."""
    return Plot(title="Good answers by route", unit="/s", of=_goodput_by_path)


def failures_by_host(*hosts: str) -> Plot:
    """Plot the requests a second that got no good answer, by whom the load has asked."""
    return Plot(
        title="Failed requests",
        unit="/s",
        of=partial(_failures_by_host, hosts),
        reads=Reads(hosts=hosts),
    )


def calls_to(*callees: str, title: str) -> Plot:
    """Plot the calls a second to some services, by their start."""
    return Plot(
        title=title, unit="/s", of=partial(_calls_to, callees), reads=Reads(callees=callees)
    )


def rate(metric: str, *, title: str, labels: str = "") -> Plot:
    """Plot how much a counter of all hosts gains each second, where its labels contain a text."""
    return Plot(
        title=title,
        unit="/s",
        of=partial(_rate, title, metric, labels),
        reads=Reads(metrics=(metric,)),
    )


def _goodput_by_path(recording: Recording) -> Curves:
    answered = defaultdict(list)
    for request in recording.requests:
        if request.good:
            answered[request.path].append(request.answered_s)
    return {path: counts(answered[path], recording) for path in sorted(answered)}


def _failures_by_host(hosts: tuple[str, ...], recording: Recording) -> Curves:
    failed: dict[str, list[float]] = {host: [] for host in hosts}
    for request in recording.requests:
        if request.to in failed and not request.good:
            failed[request.to].append(request.intended_s)
    return {host: counts(times, recording) for host, times in failed.items()}


def _calls_to(callees: tuple[str, ...], recording: Recording) -> Curves:
    started: dict[str, list[float]] = {callee: [] for callee in callees}
    for span in recording.spans:
        if span.kind == "client" and span.callee in started:
            started[span.callee].append(span.start_s)
    return {callee: counts(times, recording) for callee, times in started.items()}


def _rate(title: str, metric: str, labels: str, recording: Recording) -> Curves:
    series = chosen(recording, metric, labels)
    return {
        title: [
            math.fsum(
                gain(
                    values[second : second + 2],
                    starts(recording, key.host)[second : second + 2],
                )
                for key, values in series.items()
            )
            for second in range(math.ceil(recording.duration_s))
        ]
    }


def counts(times: Iterable[float], recording: Recording) -> list[float]:
    """Count moments by the second of the run in which they fall."""
    counts = [0.0] * math.ceil(recording.duration_s)
    for at_s in times:
        if 0 <= at_s < recording.duration_s:
            counts[int(at_s)] += 1
    return counts
