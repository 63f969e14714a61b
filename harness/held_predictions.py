"""All predictions of all labs, beside what was seen of them: over seeds, and on containers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from harness import catalogue, prediction_record
from harness.catalogue import Entry
from harness.lessons import evidence
from harness.lessons.figures import said
from harness.model.definition import definition
from harness.model.expect import Prediction
from harness.model.numbers import short, with_unit
from harness.report.text import UNKNOWN

SOMETHING = frozenset("123456789")
"""Digits of what is not zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A prediction and what was seen of it; NaN where nothing was.

    `simulated` is the mean over so many `seeds`, `measured` one run on containers.
    """

    lab: str
    prediction: Prediction
    simulated: float
    seeds: int
    measured: float

    @property
    def tolerance(self) -> float:
        """How far off one run may be, in the measure's unit: what theory leaves out, and chance."""
        return self.prediction.bound.model + self.prediction.bound.chance

    @property
    def is_beyond(self) -> bool:
        """Whether the mean is off by more than theory leaves out and as many seeds may vary by."""
        return self.seeds > 1 and not self.prediction.bound_of(self.seeds).holds(self.simulated)

    def off(self, value: float) -> str:
        """Say how far off a value is, with its sign, in per cent of theory.

        Where theory says that there is nothing, it is in the measure's own unit.
        """
        text = self.share(value - self.prediction.equals)
        is_more = value > self.prediction.equals and not SOMETHING.isdisjoint(text)
        return f"+{text}" if is_more else text

    def share(self, difference: float) -> str:
        """Say a difference as `off` does, without a sign before what is more."""
        wanted = self.prediction
        if math.isnan(difference):
            return UNKNOWN
        if not wanted.equals:
            return said(difference, wanted.measure)
        return with_unit(short(round(100 * difference / abs(wanted.equals), 1)), "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """How near to theory half of all values were, and nine of ten, in per cent of theory."""

    half: str
    most: str


def every() -> list[Held]:
    """Give all predictions of all labs, in the catalogue's order."""
    rows = {row.key: row for row in prediction_record.load()}
    return [one for slug in catalogue.slugs() for one in _held(catalogue.find(slug), rows)]


def near(held: Sequence[Held]) -> tuple[Near, Near] | None:
    """Say how near what was simulated came, and what was measured; None where there is too little.

    A prediction of nothing is left out.
    """
    of_something = [one for one in held if one.prediction.equals]
    simulated = _near([one.simulated / one.prediction.equals for one in of_something])
    measured = _near([one.measured / one.prediction.equals for one in of_something])
    return (simulated, measured) if simulated and measured else None


def _near(ratios: Sequence[float]) -> Near | None:
    off = [100 * abs(ratio - 1) for ratio in ratios if math.isfinite(ratio)]
    if len(off) < 2:  # noqa: PLR2004 - quantiles want two
        return None
    deciles = quantiles(off, n=10, method="inclusive")
    return Near(half=f"{deciles[4]:.1f} %", most=f"{deciles[8]:.1f} %")


def _held(
    entry: Entry, rows: Mapping[prediction_record.Key, prediction_record.Row]
) -> Iterator[Held]:
    """Give each prediction of a lab with what was seen of the lab as it is.

    Where no check of several seeds is kept, that is the run of the lesson.
    """
    of_now = definition(entry.lab)
    halves = {
        engine: half for engine, half in evidence.load(entry).items() if half.definition == of_now
    }
    for wanted in entry.lab.predict:
        shown = {
            engine: half.seen[wanted.on].values.get(wanted.measure.name, math.nan)
            for engine, half in halves.items()
        }
        row = rows.get((entry.slug, wanted.on, wanted.name))
        kept = row if row and row.definition == of_now else None
        yield Held(
            lab=entry.slug,
            prediction=wanted,
            simulated=kept.mean if kept else shown.get("sim", math.nan),
            seeds=kept.seeds if kept else int("sim" in shown),
            measured=shown.get("compose", math.nan),
        )
