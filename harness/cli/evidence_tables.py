"""The tables in labs/EVIDENCE.md: seeds that pass, and each prediction beside what was seen."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from harness import catalogue, prediction_record, track_record
from harness.catalogue import Entry
from harness.lessons import evidence
from harness.lessons.figures import said
from harness.model.definition import definition
from harness.model.expect import Prediction
from harness.model.numbers import short, with_unit
from harness.report.text import UNKNOWN

PAGE = "EVIDENCE.md"
ENGINES = {"sim": "simulated", "compose": "on containers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A prediction and what was seen of it; NaN where nothing was."""

    lab: str
    prediction: Prediction
    simulated: float
    seeds: int
    measured: float

    @property
    def is_beyond(self) -> bool:
        """Whether the mean is off by more than theory leaves out and as many seeds may vary by."""
        return self.seeds > 1 and not self.prediction.bound_of(self.seeds).holds(self.simulated)


def write() -> None:
    """Put each table between its markers in EVIDENCE.md, if that has any."""
    path = catalogue.home() / PAGE
    if path.exists():
        path.write_text(renewed(path.read_text()))


def renewed(text: str) -> str:
    """Give a page with its tables as they are now; what stands around their markers stays."""
    for name, table in (("seeds", seeds), ("predictions", predictions)):
        before, begin, rest = text.partition(f"<!-- begin {name}: made by ./lab evidence -->")
        _, end, after = rest.partition(f"<!-- end {name} -->")
        if begin and end:
            text = f"{before}{begin}\n\n{table()}\n\n{end}{after}"
    return text


def seeds() -> str:
    """Write under which seeds each lab has passed as a Markdown table, a line for each lab."""
    cells = {(row.lab, row.engine): f"{row.seeds()}, {row.day}" for row in track_record.load()}
    head = "| lab | simulated: seeds that pass | on containers: seeds that pass |"
    lines = [head, "|---|---|---|"]
    for slug in catalogue.slugs():
        shown = [cells.get((slug, engine), "-") for engine in ENGINES]
        lines.append(f"| {slug} | {' | '.join(shown)} |")
    return "\n".join(lines)


def predictions() -> str:
    """Write all predictions beside what was seen as a Markdown table, and how far off they are."""
    held = every()
    titles = "lab, variant | figure | theory | one run may be off by | simulated | off by | seeds"
    lines = [_summary(held), "", f"| {titles} | on containers | off by |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for one in held:
        wanted, measure = one.prediction, one.prediction.measure
        tolerance = wanted.bound.model + wanted.bound.chance
        off = _share(one.simulated - wanted.equals, wanted, "+")
        cells = [
            f"{one.lab}, {wanted.on}",
            measure.name,
            said(wanted.equals, measure),
            _share(tolerance, wanted, "±"),
            said(one.simulated, measure),
            f"**{off}**" if one.is_beyond else off,
            f"{one.seeds}",
            said(one.measured, measure),
            _share(one.measured - wanted.equals, wanted, "+"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def every() -> list[Held]:
    """Give all predictions of all labs with what was seen of them."""
    rows = {row.key: row for row in prediction_record.load()}
    return [one for slug in catalogue.slugs() for one in _held(catalogue.find(slug), rows)]


def _held(entry: Entry, rows: dict[prediction_record.Key, prediction_record.Row]) -> Iterator[Held]:
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
        is_kept = row is not None and row.definition == of_now
        yield Held(
            lab=entry.slug,
            prediction=wanted,
            simulated=row.mean if row and is_kept else shown.get("sim", math.nan),
            seeds=row.seeds if row and is_kept else int("sim" in shown),
            measured=shown.get("compose", math.nan),
        )


def _summary(held: Sequence[Held]) -> str:
    from_theory = sum(one.prediction.source.startswith("theory:") for one in held)
    parts = [f"{len(held)} predictions, {from_theory} of them from a formula of `./lab calc`"]
    of_something = [one for one in held if one.prediction.equals]
    for called, ratios in (
        ("simulated", [one.simulated / one.prediction.equals for one in of_something]),
        ("on containers", [one.measured / one.prediction.equals for one in of_something]),
    ):
        off = [100 * abs(ratio - 1) for ratio in ratios if math.isfinite(ratio)]
        if len(off) > 1:
            half, most = _decile(off, 5), _decile(off, 9)
            parts.append(f"{called}, half are within {half:.1f} %, nine of ten within {most:.1f} %")
    means = [one for one in held if one.seeds > 1]
    if means:
        within = sum(not one.is_beyond for one in means)
        parts.append(f"of {len(means)} means over seeds, {within} are as near as they must be")
    return "; ".join(parts) + "."


def _decile(values: Sequence[float], number: int) -> float:
    return quantiles(values, n=10, method="inclusive")[number - 1]


def _share(value: float, wanted: Prediction, sign: str) -> str:
    """Say a difference in per cent of what theory says; in its own unit where that is nothing."""
    if math.isnan(value):
        return UNKNOWN
    if wanted.equals:
        value = round(100 * value / abs(wanted.equals), 1)
    text = with_unit(short(value), "%") if wanted.equals else said(value, wanted.measure)
    return sign + text if value > 0 else text
