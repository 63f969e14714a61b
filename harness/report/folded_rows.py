"""The table of a run folded for reading: a row for each claim, what surprises first.

One measure of one variant is one row, under the bound that it is nearest to; one claim about
several variants is one row; whatever set the experiment up and went well is no row at all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.checks.contrast import WITHOUT
from harness.checks.verdict import SETS_UP, Control, Kind, Verdict
from harness.model.expect import Bound, Measure
from harness.model.lab import Lab
from harness.model.variant import Broken, Fixed, Measured
from harness.report.words import Words, plural
from harness.result import Result

CLAIMED = (Kind.BITES, Kind.HOLDS, Kind.SHOWN, Kind.ACROSS, Kind.NOTED, Kind.PREDICTION)
"""What the lab claims of its variants; other controls prove the experiment."""
OWN_ROWS = {
    Kind.BASELINE: "is healthy before the fault",
    Kind.NEGATIVE: "is well without the fault",
    Kind.READ_BACK: "has its fault on and off",
    Kind.TIMING: "keeps time",
    Kind.AGREEMENT: "is measured as simulated",
    Kind.TELLS_APART: "does not satisfy",
}
"""The predicate of a control that is about the experiment."""


class Part(StrEnum):
    """The parts of the table, in their order."""

    UNKNOWN = "Why this run proves nothing"
    MISSED = "Does not hold"
    BREAKS = "Must break"
    HOLDS = "Must hold"
    COMPARED = "Side by side"
    SET_UP = "Set up as planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedRow:
    """One row: whom it is about, what is claimed, and what was seen of each on each engine."""

    part: Part
    variants: tuple[str, ...]
    claim: str
    row: str
    value: str
    measure: str
    words: Words
    bound: Bound
    seen: tuple[tuple[str, tuple[Control, ...]], ...]
    """By engine, the control of each variant in turn."""

    @property
    def subject(self) -> str:
        """Name the variants and what is claimed of them, as a sentence."""
        row = self.row if len(self.variants) == 1 else plural(self.row)
        return f"{', '.join(self.variants)} {row}"

    @property
    def controls(self) -> tuple[Control, ...]:
        """Give all controls of the row."""
        return tuple(control for _, controls in self.seen for control in controls)

    @property
    def verdict(self) -> Verdict:
        """Give the worst verdict of the row's controls."""
        return max(self.controls, key=lambda one: _worse(one.verdict)).verdict

    @property
    def margin(self) -> float:
        """Give the least margin of the row's controls."""
        return min((one.margin for one in self.controls), key=_nan_first)

    @property
    def missing(self) -> str:
        """Say what was missing where a value was not to be had."""
        return next((one.missing for one in self.controls if one.missing), "")

    def values(self, engine: str) -> str:
        """Say what was seen on an engine: one value, or one for each variant."""
        controls = dict(self.seen).get(engine, ())
        said = [self.words.value(one.value) for one in controls]
        if len(set(said)) <= 1:
            return said[0] if said else ""
        units = {text.partition(" ")[2] for text in said}
        if len(units) == 1 and "" not in units:
            said = [*(text.partition(" ")[0] for text in said[:-1]), said[-1]]
        return ", ".join(said)


def folded(result: Result, *, everything: bool = False) -> list[FoldedRow]:
    """Fold a result's controls into rows, in the order of the table.

    With `everything`, controls that set the experiment up have rows too, though all went well.
    """
    rows = [row for group in _by_measure(result) if (row := _row(result.lab, group, everything))]
    order = list(result.lab.reading.phrases)
    parts = list(Part)

    def place(row: FoldedRow) -> tuple[int, int]:
        told = order.index(row.claim) if row.claim in order else len(order)
        return parts.index(row.part), told

    return sorted(_by_claim(rows), key=place)


def counted(controls: Iterable[Control], is_counted: Callable[[Control], bool]) -> tuple[int, int]:
    """Count the controls of a kind that pass, and all of them."""
    verdicts = [one.verdict for one in controls if is_counted(one)]
    return verdicts.count(Verdict.PASS), len(verdicts)


def is_claimed(control: Control) -> bool:
    """Whether a control is a claim of the lab, and not about the experiment."""
    return control.kind in CLAIMED


def words_of(lab: Lab, control: Control) -> Words:
    """Say how a control's values are said, by the measure or comparison that they are of."""
    for item in lab.across:
        if control.measure.startswith(item.what):
            return Words(control.unit, item.is_share)
    shares = {measure.name for measure in _measures(lab) if measure.is_share}
    shares |= {item.measure.name.rpartition(",")[0] for item in lab.expect if item.measure.is_share}
    of = control.measure.removesuffix(f", {WITHOUT}")
    return Words(control.unit, of in shares or of.rpartition(",")[0] in shares)


def _measures(lab: Lab) -> Iterator[Measure]:
    yield from (item.measure for item in lab.expect)
    yield from (item.measure for item in lab.predict)


def _by_measure(result: Result) -> Iterator[list[Control]]:
    """Group the controls that are of one measure of one variant, claims and others apart."""
    groups: dict[tuple[object, ...], list[Control]] = {}
    for one in result.controls:
        about = "claim" if is_claimed(one) else (one.kind, one.claim)
        groups.setdefault((one.variant, one.measure, about), []).append(one)
    yield from groups.values()


def _row(lab: Lab, controls: Sequence[Control], everything: bool) -> FoldedRow | None:  # noqa: FBT001
    nearest: dict[str, Control] = {}
    for one in controls:
        known = nearest.get(one.engine)
        if known is None or _nan_first(one.margin) < _nan_first(known.margin):
            nearest[one.engine] = one
    worst = min(nearest.values(), key=lambda one: _nan_first(one.margin))
    if not is_claimed(worst) and worst.verdict is Verdict.PASS and not everything:
        return None
    first = controls[0]
    phrase = lab.reading.phrase(first.claim)
    named = is_claimed(first)
    return FoldedRow(
        part=_part(lab, worst),
        variants=(first.variant,),
        claim=first.claim,
        row=phrase.row if named else _own(first),
        value=(phrase.value or "") if named else first.measure,
        measure=worst.measure,
        words=words_of(lab, worst),
        bound=worst.bound,
        seen=tuple((engine, (one,)) for engine, one in nearest.items()),
    )


def _own(control: Control) -> str:
    row = OWN_ROWS[control.kind]
    if control.kind is not Kind.TELLS_APART:
        return row
    calm = "without its fault " if control.measure.endswith(WITHOUT) else ""
    return f"{calm}{row} {control.claim!r}"


def _part(lab: Lab, worst: Control) -> Part:
    if worst.verdict is not Verdict.PASS:
        return Part.UNKNOWN if worst.kind in SETS_UP else Part.MISSED
    if not is_claimed(worst):
        return Part.SET_UP
    parts = {Broken: Part.BREAKS, Fixed: Part.HOLDS, Measured: Part.COMPARED}
    return parts[lab.kind_of(worst.variant)]


def _by_claim(rows: Sequence[FoldedRow]) -> list[FoldedRow]:
    """Fold the rows in which one claim is made of several variants under one bound."""
    groups: dict[tuple[object, ...], list[FoldedRow]] = {}
    for row in rows:
        engines = tuple(engine for engine, _ in row.seen)
        key = (row.part, row.claim, row.row, row.measure, row.bound, engines, bool(row.missing))
        groups.setdefault(key, []).append(row)
    return [_merged(group) for group in groups.values()]


def _merged(group: Sequence[FoldedRow]) -> FoldedRow:
    engines = [engine for engine, _ in group[0].seen]
    seen = [
        (engine, tuple(one for row in group for one in dict(row.seen)[engine]))
        for engine in engines
    ]
    variants = tuple(name for row in group for name in row.variants)
    return replace(group[0], variants=variants, seen=tuple(seen))


def _worse(verdict: Verdict) -> int:
    return (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE).index(verdict)


def _nan_first(margin: float) -> float:
    """Order margins; what is unknown counts as the least."""
    return margin if margin == margin else float("-inf")  # noqa: PLR0124 - NaN
