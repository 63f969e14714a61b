"""What the plots show: one panel a variant, under axes common to all, without any drawing."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.model.expect import Plot
from harness.model.lab import Lab
from harness.model.variant import Broken
from harness.recording import FaultRecord, Recording
from harness.report.seconds import Curves, curves, faulted_callees
from harness.report.text import between, figure
from harness.result import Result

ENGINES = {"sim": "simulated", "compose": "measured"}
"""How an engine's figures are called by people; other engines go by their own names."""
HEADROOM = 1.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One curve, a value for each second; NaN leaves a gap."""

    quantity: str
    engine: str
    label: str
    values: tuple[float, ...]
    place: int = 0
    """Of a lab's own curves, which one: they take their looks in turn."""

    @property
    def is_measured(self) -> bool:
        """Whether it is drawn as measured, that is dashed."""
        return self.engine != "sim"

    @property
    def is_known(self) -> bool:
        """Whether it has a value at all."""
        return not all(map(math.isnan, self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What the vertical axis of some panels has in common."""

    what: str
    unit: str
    low: float
    high: float
    is_log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One variant's curves of one kind, and the axes under which they are drawn."""

    variant: str
    kind: str
    traces: tuple[Trace, ...]
    faults: tuple[FaultRecord, ...]
    captions: tuple[FaultRecord, ...]
    """The faults as they are named over the plot: the same one on several replicas once."""
    duration_s: float
    scale: Scale

    @property
    def words(self) -> str:
        """Say what can be seen, for those who cannot."""
        parts = [f"{self.scale.what} of {self.variant} ({self.kind}), second by second"]
        parts += [f"{fault.name} {between(fault.start_s, fault.end_s)}" for fault in self.faults]
        parts += [_extent(trace, self.scale.unit) for trace in self.traces]
        return "; ".join(parts)

    @property
    def header(self) -> tuple[str, ...]:
        """Name the columns of the table that goes with the plot."""
        names = [f"{trace.quantity}, {called(trace.engine)}" for trace in self.traces]
        return ("second", *names)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Give the plot's numbers as words, a row for each second."""
        columns = [trace.values for trace in self.traces]
        for second, row in enumerate(zip(*columns, strict=True)):
            yield (str(second), *(figure(value) for value in row))


def called(engine: str) -> str:
    """Say how an engine's figures are called."""
    return ENGINES.get(engine, engine)


def by_variant(result: Result) -> dict[str, list[Recording]]:
    """Group recordings by variant, the first of each engine only: no negative controls."""
    groups: dict[str, dict[str, Recording]] = {}
    for recording in result.recordings:
        groups.setdefault(recording.variant, {}).setdefault(recording.engine, recording)
    return {variant: list(engines.values()) for variant, engines in groups.items()}


def kind_of(result: Result, variant: str) -> str:
    """Say what is to be seen of a variant."""
    return "broken" if isinstance(result.lab.variant(variant), Broken) else "fixed"


def load_panels(result: Result) -> list[Panel]:
    """Give offered load, attempts and goodput, per second."""
    return _linear(result, "Load and goodput", ("offered", "attempted", "goodput"))


def goodput_panels(result: Result) -> list[Panel]:
    """Give offered load and goodput, per second."""
    return _linear(result, "Goodput", ("offered", "goodput"))


def own_panels(result: Result) -> list[list[Panel]]:
    """Give the panels of each plot that the lab asks for."""
    return [_own(result, plot) for plot in result.lab.plots if result.recordings]


def picture_panels(result: Result) -> list[Panel]:
    """Give what a picture of the run shows: the lab's first plot, or else goodput."""
    return next(iter(own_panels(result)), None) or goodput_panels(result)


def latency_panels(result: Result) -> list[Panel]:
    """Give the latency of good answers, median and 99th percentile, under a log axis."""
    traces = _traces(result, ("p50", "p99"))
    known = [value for value in _values(traces.values()) if value > 0]
    scale = Scale(
        what="Latency of good answers",
        unit="ms",
        low=10.0 ** math.floor(math.log10(min(known, default=10.0))),
        high=10.0 ** math.ceil(math.log10(HEADROOM * max(known, default=100.0))),
        is_log=True,
    )
    return _panels(result, traces, scale)


def _linear(result: Result, what: str, quantities: Sequence[str]) -> list[Panel]:
    return _from_zero(result, _traces(result, quantities), what, "/s")


def _own(result: Result, plot: Plot) -> list[Panel]:
    traces = {
        variant: [trace for item in items for trace in _curves(plot, item, items)]
        for variant, items in by_variant(result).items()
    }
    return _from_zero(result, traces, plot.title, plot.unit)


def _curves(plot: Plot, recording: Recording, all_of: Sequence[Recording]) -> Iterator[Trace]:
    """Give a plot's curves; only those of the first engine are named, if there are several."""
    found = plot.of(recording)
    for place, (name, values) in enumerate(found.items()):
        again = "" if len(found) > 1 else called(recording.engine)
        label = name if recording is all_of[0] else again
        yield Trace(
            quantity=name,
            engine=recording.engine,
            label=label,
            values=tuple(values),
            place=place,
        )


def _from_zero(result: Result, traces: dict[str, list[Trace]], what: str, unit: str) -> list[Panel]:
    high = HEADROOM * max(_values(traces.values()), default=0.0)
    scale = Scale(what=what, unit=unit, low=0.0, high=high if high > 0 else 1.0)
    return _panels(result, traces, scale)


def _panels(result: Result, traces: dict[str, list[Trace]], scale: Scale) -> list[Panel]:
    return [
        Panel(
            variant=variant,
            kind=kind_of(result, variant),
            traces=tuple(traces[variant]),
            faults=tuple(recordings[0].faults),
            captions=tuple(_folded(result.lab, recordings[0].faults)),
            duration_s=recordings[0].duration_s,
            scale=scale,
        )
        for variant, recordings in by_variant(result).items()
    ]


def _folded(lab: Lab, faults: Sequence[FaultRecord]) -> Iterator[FaultRecord]:
    groups: dict[str, list[FaultRecord]] = {}
    for fault in faults:
        name = fault.name.replace(fault.target, lab.folded(fault.target))
        groups.setdefault(name, []).append(fault)
    for name, group in groups.items():
        if len(group) == 1 or not _overlap(group):
            yield from group
        else:
            yield replace(group[0], name=name, end_s=max(fault.end_s for fault in group))


def _overlap(group: Sequence[FaultRecord]) -> bool:
    return all(fault.start_s < min(other.end_s for other in group) for fault in group)


def _traces(result: Result, quantities: Sequence[str]) -> dict[str, list[Trace]]:
    callees = faulted_callees(result.lab)
    return {
        variant: list(_of_variant([(item, curves(item, callees)) for item in items], quantities))
        for variant, items in by_variant(result).items()
    }


def _of_variant(
    runs: Sequence[tuple[Recording, Curves]], quantities: Sequence[str]
) -> Iterator[Trace]:
    """Give each quantity in turn; what is offered is the same for both engines, so once."""
    for quantity in quantities:
        for place, (recording, own) in enumerate(runs):
            values = _of(own, quantity)
            if values and not (quantity == "offered" and place):
                label = called(recording.engine) if place else quantity
                yield Trace(quantity=quantity, engine=recording.engine, label=label, values=values)


def _of(own: Curves, quantity: str) -> tuple[float, ...]:
    return {
        "offered": own.offered,
        "attempted": own.attempted,
        "goodput": own.goodput,
        "p50": own.p50_ms,
        "p99": own.p99_ms,
    }[quantity]


def _values(groups: Iterable[Sequence[Trace]]) -> list[float]:
    return [
        value
        for traces in groups
        for trace in traces
        for value in trace.values
        if not math.isnan(value)
    ]


def _extent(trace: Trace, unit: str) -> str:
    known = [value for value in trace.values if not math.isnan(value)]
    who = f"{trace.quantity}, {called(trace.engine)}"
    if not known:
        return f"{who}: no value"
    return f"{who}: {figure(min(known))} to {figure(max(known), unit)}"
