"""A line for each run: what the lab is about second by second, then figures with names."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.changes import Change
from harness.model.lab import Lab
from harness.recording import Recording
from harness.report.seconds import told
from harness.report.text import sparkline
from harness.report.words import Words
from harness.result import Result

if TYPE_CHECKING:
    from harness.model.fault import Timed

GOODPUT = "good answers each second (higher is better)"
HEADROOM = 1.4
"""How far above its rate a load's own seconds may go, by chance."""
NO_FAULT = ", no fault"
MEASURED = "  measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDrawn:
    """One line: its name, a character for each second, and what stands at the end."""

    name: str
    marks: str
    end: str
    triggers: tuple[Change, ...] = ()

    def is_faulty(self, second: int) -> bool:
        """Whether a fault or a surge is there in a second."""
        return any(one.start_s < second + 1 and second < one.end_s for one in self.triggers)


def caption(lab: Lab) -> str:
    """Say what the lines show."""
    return lab.reading.line.caption if lab.reading.line else GOODPUT


def windows(lab: Lab) -> Iterator[tuple[str, str]]:
    """Give a row of marks for each fault, surge and step, and what it is and when.

    What hits one replica after the other is one fault to people; one that comes again is not.
    """
    named: dict[tuple[str, float], list[Timed]] = {}
    for timed in lab.faults:
        target, place = timed.fault.target, lab.folded(timed.fault.target)
        again_s = timed.start_s if target == place else -1.0
        named.setdefault((timed.said.replace(target, place), again_s), []).append(timed)
    for (folded, _), group in named.items():
        said = folded if len(group) > 1 else group[0].said
        start_s, end_s = min(one.start_s for one in group), max(one.end_s for one in group)
        yield _marked(lab, Change(said, start_s, end_s))
    for change in lab.moments()[len(lab.faults) :]:
        yield _marked(lab, change)


def _marked(lab: Lab, change: Change) -> tuple[str, str]:
    marks = [" "] * math.ceil(lab.duration_s)
    for second in range(int(change.start_s), math.ceil(change.end_s)):
        marks[second] = "▼"
    return "".join(marks), f"{change.name}, {change.start_s:g}-{change.end_s:g} s"


def drawn(result: Result) -> list[LineDrawn]:
    """Draw every run of a result, all under one scale; runs without a fault that look alike once.

    A variant's measured line stands below its simulated one.
    """
    lab = result.lab
    runs = [*result.recordings, *result.calm]
    values = {id(run): told(lab, run) for run in runs}
    top = top_of(lab, [value for one in values.values() for value in one])
    ends = _ends(lab, runs)
    engines = list(dict.fromkeys(run.engine for run in result.recordings))
    faulty: list[LineDrawn] = []
    for name in dict.fromkeys(run.variant for run in result.recordings):
        for run in result.recordings:
            if run.variant == name:
                first = run.engine == engines[0]
                marks = sparkline(values[id(run)], top=top)
                shown = name if first else MEASURED
                end = ends[id(run)]
                met = run.triggers() or lab.triggers()
                faulty.append(LineDrawn(name=shown, marks=marks, end=end, triggers=met))
    calm = [
        LineDrawn(
            name=run.variant + NO_FAULT,
            marks=sparkline(values[id(run)], top=top),
            end=ends[id(run)],
        )
        for run in result.calm
    ]
    return [*faulty, *_alike(calm)]


def _alike(calm: list[LineDrawn]) -> list[LineDrawn]:
    if len(calm) > 1 and len({(one.marks, one.end) for one in calm}) == 1:
        first = calm[0]
        names = "both" if len(calm) == len(("one", "other")) else "all broken"
        return [LineDrawn(name=names + NO_FAULT, marks=first.marks, end=first.end)]
    return calm


def top_of(lab: Lab, values: Sequence[float]) -> float:
    """Give the value that is drawn full: one for all lines of a lab."""
    if not (lab.reading.line and lab.reading.line.plot):
        return HEADROOM * lab.load.peak_rps(lab.duration_s)
    return max((value for value in values if not math.isnan(value)), default=1.0)


def _ends(lab: Lab, runs: Sequence[Recording]) -> dict[int, str]:
    """Say what stands at the end of each run's line, by the run's id, in columns."""
    said = [[*_said(lab, run)] for run in runs]
    widths = [max(map(len, (text for text, _ in column))) for column in zip(*said, strict=True)]
    return {
        id(run): ", ".join(
            template.format(value=text.rjust(width))
            for (text, template), width in zip(one, widths, strict=True)
            if text
        )
        for run, one in zip(runs, said, strict=True)
    }


def _said(lab: Lab, run: Recording) -> Iterator[tuple[str, str]]:
    """Give each figure, and its words; the figure is empty where the run has none."""
    if lab.reading.line is None:
        goodput = told(lab, run)
        yield (f"{goodput[-1]:.0f}" if goodput else "", "{value} good/s at the end")
        return
    for end in lab.reading.line.ends:
        value = end.measure.of(run)
        words = Words(end.measure.unit, end.measure.is_share)
        yield "" if math.isnan(value) else words.value(value), end.said
