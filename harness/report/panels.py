"""What the plots show: one panel a variant, under axes common to all, without any drawing."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from harness.model.expect import Plot
from harness.model.lab import Lab
from harness.recording import FaultRecord, Recording
from harness.report.seconds import Curves, curves, faulted_callees
from harness.report.text import between, figure
from harness.result import Result

ENGINES = {"sim": "simulated", "compose": "measured"}
"""How an engine's figures are called by people; other engines go by their own names."""
HEADROOM = 1.06
OFFERED = "offered"


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


Traces = dict[str, list[Trace]]
"""The curves of each variant."""


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
        parts += [f"{fault.name} {between(fault.start_s, fault.end_s)}" for fault in self.captions]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """What a picture shows of one run: a value for each second, by the name of the curve."""

    engine: str
    variant: str
    faults: tuple[FaultRecord, ...]
    curves: Mapping[str, tuple[float, ...]]


def called(engine: str) -> str:
    """Say how an engine's figures are called."""
    return ENGINES.get(engine, engine)


def by_variant(result: Result) -> dict[str, list[Recording]]:
    """Group recordings by variant, the first of each engine only: no negative controls."""
    groups: dict[str, dict[str, Recording]] = {}
    for recording in result.recordings:
        groups.setdefault(recording.variant, {}).setdefault(recording.engine, recording)
    return {variant: list(engines.values()) for variant, engines in groups.items()}


def load_panels(result: Result) -> list[Panel]:
    """Give offered load, attempts and goodput, per second."""
    return _linear(result, "Load and goodput", ("offered", "attempted", "goodput"))


def own_panels(result: Result) -> list[list[Panel]]:
    """Give the panels of each plot that the lab asks for."""
    return [_own(result, plot) for plot in result.lab.plots if result.recordings]


def picture_panels(result: Result) -> list[Panel]:
    """Give what a picture of the run shows: the lab's first plot, or else goodput."""
    groups = by_variant(result)
    return panels_of(
        result.lab, [pictured(result.lab, one) for all_of in groups.values() for one in all_of]
    )


def pictured(lab: Lab, recording: Recording) -> Pictured:
    """Give what a picture shows of a recording."""
    if lab.plots:
        return _plotted(lab.plots[0], recording)
    return _quantified(recording, (), (OFFERED, "goodput"))


def panels_of(lab: Lab, shown: Sequence[Pictured]) -> list[Panel]:
    """Give the panels of a picture, one a variant, the engines of each in the order given."""
    groups: dict[str, list[Pictured]] = {}
    for one in shown:
        groups.setdefault(one.variant, []).append(one)
    of = _of_plot if lab.plots else _of_goodput
    traces = {variant: list(of(all_of)) for variant, all_of in groups.items()}
    what, unit = (lab.plots[0].title, lab.plots[0].unit) if lab.plots else ("Goodput", "/s")
    faults = {variant: all_of[0].faults for variant, all_of in groups.items()}
    return _from_zero(lab, traces, faults, what, unit)


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
    return _panels(result.lab, traces, _faults(result), scale)


def _linear(result: Result, what: str, quantities: Sequence[str]) -> list[Panel]:
    return _from_zero(result.lab, _traces(result, quantities), _faults(result), what, "/s")


def _own(result: Result, plot: Plot) -> list[Panel]:
    traces = {
        variant: list(_of_plot([_plotted(plot, item) for item in items]))
        for variant, items in by_variant(result).items()
    }
    return _from_zero(result.lab, traces, _faults(result), plot.title, plot.unit)


def _plotted(plot: Plot, recording: Recording) -> Pictured:
    return Pictured(
        engine=recording.engine,
        variant=recording.variant,
        faults=tuple(recording.faults),
        curves={name: tuple(values) for name, values in plot.of(recording).items()},
    )


def _of_plot(all_of: Sequence[Pictured]) -> Iterator[Trace]:
    """Give a plot's curves; only those of the first engine are named, if there are several."""
    for one in all_of:
        again = "" if len(one.curves) > 1 else called(one.engine)
        for place, (name, values) in enumerate(one.curves.items()):
            label = name if one is all_of[0] else again
            yield Trace(quantity=name, engine=one.engine, label=label, values=values, place=place)


def _of_goodput(all_of: Sequence[Pictured]) -> Iterator[Trace]:
    """Give each curve in turn; what is offered is the same for both engines, so once."""
    for quantity in dict.fromkeys(name for one in all_of for name in one.curves):
        for place, one in enumerate(all_of):
            if quantity in one.curves and not (quantity == OFFERED and place):
                label = called(one.engine) if place else quantity
                yield Trace(
                    quantity=quantity, engine=one.engine, label=label, values=one.curves[quantity]
                )


def _faults(result: Result) -> dict[str, tuple[FaultRecord, ...]]:
    return {variant: tuple(items[0].faults) for variant, items in by_variant(result).items()}


def _from_zero(
    lab: Lab, traces: Traces, faults: Mapping[str, tuple[FaultRecord, ...]], what: str, unit: str
) -> list[Panel]:
    high = HEADROOM * max(_values(traces.values()), default=0.0)
    scale = Scale(what=what, unit=unit, low=0.0, high=high if high > 0 else 1.0)
    return _panels(lab, traces, faults, scale)


def _panels(
    lab: Lab, traces: Traces, faults: Mapping[str, tuple[FaultRecord, ...]], scale: Scale
) -> list[Panel]:
    return [
        Panel(
            variant=variant,
            kind=lab.kind_of(variant).kind,
            traces=tuple(traces[variant]),
            faults=happened,
            captions=tuple(captions(lab, happened)),
            duration_s=lab.duration_s,
            scale=scale,
        )
        for variant, happened in faults.items()
    ]


def captions(lab: Lab, faults: Sequence[FaultRecord]) -> list[FaultRecord]:
    """Give faults as they are named over a plot: those that were drawn by what may be drawn."""
    told, others = [], list(faults)
    for one in lab.drawn:
        hit = [fault for fault in others if one.may_be(fault.name, fault.start_s)]
        others = [fault for fault in others if fault not in hit]
        if hit:
            told.append(replace(hit[0], name=one.said, start_s=one.start_s, end_s=one.end_s))
    return [*_folded(lab, others), *told]


def _folded(lab: Lab, faults: Sequence[FaultRecord]) -> Iterator[FaultRecord]:
    """Give faults in people's words, the same one on several replicas once."""
    brought = chain.from_iterable(variant.faults or () for variant in lab.variants)
    said = {timed.fault.name: timed.said for timed in (*brought, *lab.faults)}
    groups: dict[str, list[FaultRecord]] = {}
    for fault in faults:
        words = said.get(fault.name, fault.name)
        name = words.replace(fault.target, lab.folded(fault.target))
        groups.setdefault(name, []).append(replace(fault, name=words))
    for name, group in groups.items():
        if len(group) == 1 or not _overlap(group):
            yield from group
        else:
            yield replace(group[0], name=name, end_s=max(fault.end_s for fault in group))


def _overlap(group: Sequence[FaultRecord]) -> bool:
    return all(fault.start_s < min(other.end_s for other in group) for fault in group)


def _traces(result: Result, quantities: Sequence[str]) -> Traces:
    callees = faulted_callees(result.lab)
    return {
        variant: list(_of_goodput([_quantified(item, callees, quantities) for item in items]))
        for variant, items in by_variant(result).items()
    }


def _quantified(
    recording: Recording, callees: tuple[str, ...], quantities: Sequence[str]
) -> Pictured:
    own = curves(recording, callees)
    found = {quantity: _of(own, quantity) for quantity in quantities}
    return Pictured(
        engine=recording.engine,
        variant=recording.variant,
        faults=tuple(recording.faults),
        curves={quantity: values for quantity, values in found.items() if values},
    )


def _of(own: Curves, quantity: str) -> tuple[float, ...]:
    values = {
        OFFERED: own.offered,
        "attempted": own.attempted,
        "goodput": own.goodput,
        "p50": own.p50_ms,
        "p99": own.p99_ms,
    }[quantity]
    # One NaN for all, so that the same curve is equal to itself.
    return tuple(math.nan if math.isnan(value) else value for value in values)


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
