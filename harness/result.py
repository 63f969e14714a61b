"""What a run of a lab comes to: its recordings, its controls, and the three-column table."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.verdict import Control, Kind, Verdict, verdict_of
from harness.model.expect import Bound
from harness.model.lab import Lab
from harness.recording import Recording

CHANGED = "not the lab as it is"
"""What the note begins with that a result has whose settings were changed for it."""
Groups = dict[tuple[Kind, str, str, str, Bound], list[Control]]
"""Controls by kind, variant, claim, measure and bound."""


def is_told_apart(control: Control) -> bool:
    """Say whether it only shows that a claim is false where it must be."""
    return control.kind is Kind.TELLS_APART and control.verdict is Verdict.PASS


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

    `calm` are those of broken variants without their faults, the negative controls.
    `controls` holds those of both engines; `agreement` those that hold the measured run against
    the simulated one. `notes` are lines for a person, such as why containers were left out, and
    `options` words of the command line that repeat the run, beside lab, engine, variants and seed.
    """

    slug: str
    lab: Lab
    seed: int
    recordings: list[Recording] = field(default_factory=list)
    calm: list[Recording] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Judge all controls together."""
        return verdict_of(self.controls)

    def rows(self) -> Iterator[Row]:
        """Give the table, variant by variant, in the order in which controls first came.

        A claim that was told apart from another variant is no row: it is the exception that
        matters.
        """
        for key, controls in self._by_claim().items():
            kind, variant, claim, measure, bound = key
            if all(is_told_apart(control) for control in controls):
                continue
            engines = {control.engine: control for control in controls}
            yield Row(
                kind=kind,
                variant=variant,
                claim=claim,
                measure=measure,
                unit=controls[0].unit,
                predicted=bound,
                simulated=engines.get("sim"),
                measured=engines.get("compose"),
            )

    def _by_claim(self) -> Groups:
        groups: Groups = {}
        variants = list(dict.fromkeys(control.variant for control in self.controls))
        for control in sorted(self.controls, key=lambda control: variants.index(control.variant)):
            key = (control.kind, control.variant, control.claim, control.measure, control.bound)
            groups.setdefault(key, []).append(control)
        return groups
