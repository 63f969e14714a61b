"""Plots for labs of which goodput as a whole is not the point."""

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from harness.checks.history import acknowledged, lost
from harness.checks.series import chosen, gain
from harness.model.expect import Plot
from harness.recording import Recording

Curves = dict[str, list[float]]


def goodput_by_path() -> Plot:
    """Plot the good answers a second by the path that was asked, as they came."""
    return Plot(title="Good answers by route", unit="/s", of=_goodput_by_path)


def failures_by_host(*hosts: str) -> Plot:
    """Plot the requests a second that got no good answer, by whom the load has asked."""
    return Plot(title="Failed requests", unit="/s", of=partial(_failures_by_host, hosts))


def calls_to(*callees: str, title: str) -> Plot:
    """Plot the calls a second to some services, by their start."""
    return Plot(title=title, unit="/s", of=partial(_calls_to, callees))


def rate(metric: str, *, title: str, labels: str = "") -> Plot:
    """Plot how much a counter of all hosts gains each second, where its labels contain a text."""
    return Plot(title=title, unit="/s", of=partial(_rate, title, metric, labels))


def writes_by_leader(place: str) -> Plot:
    """Plot the acknowledged writes a second by the leader that kept them, and those of them lost.

    What is lost comes second, after the first leader, so that it looks alike under all variants.
    """
    return Plot(title="Acknowledged writes", unit="/s", of=partial(_writes_by_leader, place))


def _writes_by_leader(place: str, recording: Recording) -> Curves:
    answered: dict[str, list[float]] = defaultdict(list)
    for write in acknowledged(recording, place):
        answered[write.answer.strip()].append(write.answered_s)
    first, *others = sorted(answered, key=lambda leader: min(answered[leader])) or [""]
    answered["lost"] = [write.answered_s for write in lost(recording, place)]
    names = [name for name in (first, "lost", *others) if name]
    return {name: _counts(answered[name], recording) for name in names}


def _goodput_by_path(recording: Recording) -> Curves:
    answered = defaultdict(list)
    for request in recording.requests:
        if request.good:
            answered[request.path].append(request.answered_s)
    return {path: _counts(answered[path], recording) for path in sorted(answered)}


def _failures_by_host(hosts: tuple[str, ...], recording: Recording) -> Curves:
    failed: dict[str, list[float]] = {host: [] for host in hosts}
    for request in recording.requests:
        if request.to in failed and not request.good:
            failed[request.to].append(request.intended_s)
    return {host: _counts(times, recording) for host, times in failed.items()}


def _calls_to(callees: tuple[str, ...], recording: Recording) -> Curves:
    started: dict[str, list[float]] = {callee: [] for callee in callees}
    for span in recording.spans:
        if span.kind == "client" and span.callee in started:
            started[span.callee].append(span.start_s)
    return {callee: _counts(times, recording) for callee, times in started.items()}


def _rate(title: str, metric: str, labels: str, recording: Recording) -> Curves:
    series = chosen(recording, metric, labels).values()
    return {
        title: [
            math.fsum(gain(values[second : second + 2]) for values in series)
            for second in range(math.ceil(recording.duration_s))
        ]
    }


def _counts(times: Iterable[float], recording: Recording) -> list[float]:
    counts = [0.0] * math.ceil(recording.duration_s)
    for at_s in times:
        if 0 <= at_s < recording.duration_s:
            counts[int(at_s)] += 1
    return counts
