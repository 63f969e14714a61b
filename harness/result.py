"""What a run of a lab comes to: its recordings, its controls, and the three-column table."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.verdict import Control, Kind, Verdict, verdict_of
from harness.model.expect import Bound
from harness.model.lab import Lab
from harness.recording import Recording

CHANGED = "not the lab as it is"
"""What the note begins with that a result has whose settings were changed for it."""
Groups = dict[tuple[Kind, str, str, str], list[Control]]
"""Controls by kind, variant, claim and measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: what was predicted, what was simulated, what was measured."""

    kind: Kind
    variant: str
    claim: str
    measure: str
    unit: str
    predicted: Bound
    simulated: Control | None
    measured: Control | None


@dataclass(slots=True, kw_only=True)
class Result:
    """One lab under one seed: `recordings` in the order in which they were made.

    `controls` holds those of both engines; `agreement` those that hold the measured run against
    the simulated one. `notes` are lines for a person, such as why containers were left out.
    """

    slug: str
    lab: Lab
    seed: int
    recordings: list[Recording] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Judge all controls together."""
        return verdict_of(self.controls)

    def rows(self) -> Iterator[Row]:
        """Give the table, variant by variant, in the order in which controls first came.

        Several faults that were all read back are one row: it is the exception that matters.
        """
        groups = self._by_claim()
        smooth = _smooth(groups)
        for key, controls in groups.items():
            kind, variant, claim, measure = key
            if kind is Kind.READ_BACK and variant in smooth:
                if smooth[variant] == 0:
                    continue
                claim, smooth[variant] = f"each of {smooth[variant]} faults", 0
            engines = {control.engine: control for control in controls}
            yield Row(
                kind=kind,
                variant=variant,
                claim=claim,
                measure=measure,
                unit=controls[0].unit,
                predicted=controls[0].bound,
                simulated=engines.get("sim"),
                measured=engines.get("compose"),
            )

    def _by_claim(self) -> Groups:
        groups: Groups = {}
        variants = list(dict.fromkeys(control.variant for control in self.controls))
        for control in sorted(self.controls, key=lambda control: variants.index(control.variant)):
            key = (control.kind, control.variant, control.claim, control.measure)
            groups.setdefault(key, []).append(control)
        return groups


def _smooth(groups: Groups) -> dict[str, int]:
    """Count the faults of each variant that has several, where all of them were read back."""
    read_back = [
        (variant, verdict_of(controls))
        for (kind, variant, _, _), controls in groups.items()
        if kind is Kind.READ_BACK
    ]
    counts = Counter(variant for variant, _ in read_back)
    rough = {variant for variant, verdict in read_back if verdict is not Verdict.PASS}
    return {name: count for name, count in counts.items() if count > 1 and name not in rough}
