"""Plots for labs of which goodput as a whole is not the point."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

from harness.measures.series import chosen, gain, starts
from harness.model.expect import Measure, Plot, Reads
from harness.recording import Recording

Curves = dict[str, list[float]]
NUMBERS = re.compile(r"(?<=/)\d+(?=/|$)")
"""The parts of a path that are a key or a request's number."""


def each_second(measures: Mapping[str, Measure], *, title: str) -> Plot:
    """Plot measures second by second, each under a name; a second without data is a gap.

    Raises:
        ValueError: a measure cannot be taken over another window, or their units differ.

    """
    for name, measure in measures.items():
        if measure.over is None:
            raise ValueError(f"{name}: {measure.name!r} cannot be taken second by second")
    units = {measure.unit for measure in measures.values()}
    if len(units) != 1:
        raise ValueError(f"{title!r} has measures in {len(units)} units; plot them one by one")
    reads = [measure.reads for measure in measures.values()]
    return Plot(
        title=title,
        unit=units.pop(),
        of=partial(_each_second, measures),
        reads=Reads(
            callees=tuple(name for one in reads for name in one.callees),
            hosts=tuple(name for one in reads for name in one.hosts),
            paths=tuple(name for one in reads for name in one.paths),
            metrics=tuple(name for one in reads for name in one.metrics),
            answers=any(one.answers for one in reads),
        ),
    )


def goodput_by_path() -> Plot:
    """Plot the good answers a second by the path that was asked, as they came.

    Paths that differ in a number alone, such as a key, are one curve: `/carts/*`.
    """
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
            answered[NUMBERS.sub("*", request.path)].append(request.answered_s)
    return {path: counts(answered[path], recording) for path in sorted(answered)}


def _each_second(measures: Mapping[str, Measure], recording: Recording) -> Curves:
    curves: Curves = {name: [] for name in measures}
    for second in range(math.ceil(recording.duration_s)):
        end_s = min(second + 1, recording.duration_s)
        for name, measure in measures.items():
            assert measure.over is not None  # noqa: S101 - refused when the plot was made
            curves[name].append(measure.over(second, end_s).of(recording))
    return curves


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
                    starts(recording, key.host)[second:],
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
