"""The picture at the head of a report: the lab's own line of each variant, one under the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.model.lab import Lab
from harness.model.numbers import short
from harness.recording import FaultRecord, Recording
from harness.report.labels import middle_s, stagger
from harness.report.lines import caption
from harness.report.panels import by_variant, called, captions
from harness.report.seconds import told
from harness.report.words import Words
from harness.result import Result

HEIGHT = 100.0
HEADROOM = 1.05
ROUNDED = 10.0
"""From here on, the top is said without decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One engine's line: an SVG path over seconds and hundredths of the height, and its end."""

    path: str
    engine: str
    end: str
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """One variant: its name and what is special about it, and a curve for each engine."""

    variant: str
    kind: str
    phrase: str
    curves: tuple[Curve, ...]
    faults: tuple[FaultRecord, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a fault is called, and where: its row, and its middle in per cent of the run."""

    said: str
    row: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All ridges under one scale, whose top is a full row."""

    caption: str
    top: str
    ridges: tuple[Ridge, ...]
    labels: tuple[Label, ...]

    @property
    def is_measured(self) -> bool:
        """Whether a variant has a measured line beside its simulated one."""
        return any(curve.is_measured for ridge in self.ridges for curve in ridge.curves)

    @property
    def label_rows(self) -> int:
        """Count the rows that the faults' names take."""
        return max((label.row for label in self.labels), default=-1) + 1


def picture(result: Result) -> Picture | None:
    """Draw what the lab is about, of every variant; None without recordings."""
    groups = by_variant(result)
    if not groups:
        return None
    lab = result.lab
    values = {(name, run.engine): told(lab, run) for name, runs in groups.items() for run in runs}
    known = [value for line in values.values() for value in line if not math.isnan(value)]
    top = HEADROOM * max(known, default=0.0) or 1.0
    first = next(iter(groups.values()))[0]
    return Picture(
        caption=caption(lab),
        top=short(top if top < ROUNDED else round(top)),
        ridges=tuple(_ridge(lab, name, runs, values, top) for name, runs in groups.items()),
        labels=tuple(_labels(captions(lab, first.faults), lab.duration_s)),
    )


def _ridge(
    lab: Lab,
    variant: str,
    runs: Sequence[Recording],
    values: dict[tuple[str, str], tuple[float, ...]],
    top: float,
) -> Ridge:
    curves = tuple(
        Curve(
            path=_path(values[variant, run.engine], top),
            engine=called(run.engine),
            end=_end(lab, run),
            is_measured=place > 0,
        )
        for place, run in enumerate(runs)
    )
    phrase = lab.reading.variants.get(variant, "")
    said = [f"{caption(lab)}, {variant}"]
    said += [f"{one.engine}: {one.end}" for one in curves]
    return Ridge(
        variant=variant,
        kind=lab.kind_of(variant).kind,
        phrase=phrase,
        curves=curves,
        faults=tuple(captions(lab, runs[0].faults)),
        words="; ".join(said),
    )


def _path(values: Sequence[float], top: float) -> str:
    """Write a line in steps, a second each, from the bottom of its row; a gap is at the bottom."""
    steps = []
    for second, value in enumerate(values):
        y = HEIGHT - HEIGHT * (0.0 if math.isnan(value) else value) / top
        steps.append(f"V{y:.1f}H{second + 1}")
    return f"M0,{HEIGHT:g}{''.join(steps)}"


def _end(lab: Lab, run: Recording) -> str:
    """Say what stands at a line's end."""
    line = lab.reading.line
    if line is None:
        values = told(lab, run)
        return f"{values[-1]:.0f} good/s at the end" if values else ""
    return ", ".join(_ends(lab, run))


def _ends(lab: Lab, run: Recording) -> Iterator[str]:
    for end in lab.reading.line.ends if lab.reading.line else ():
        value = end.measure.of(run)
        if not math.isnan(value):
            said = Words(end.measure.unit, end.measure.is_share).value(value)
            yield end.said.format(value=said)


def _labels(faults: Sequence[FaultRecord], duration_s: float) -> Iterator[Label]:
    for row, together in enumerate(stagger(faults, duration_s)):
        for fault in together:
            at = 100 * middle_s(fault, duration_s) / duration_s
            yield Label(said=fault.name, row=row, at=at)
