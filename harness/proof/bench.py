"""A bench: one lab under one seed, run otherwise than it is and judged as it is, simulated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.catalogue import Entry
from harness.checks.across import across
from harness.checks.verdict import Control, Verdict, failures, judge
from harness.conductor import conducted
from harness.engines.protocol import Plan, Unwatched
from harness.engines.sim.engine import SimEngine
from harness.errors import ChaoslabError
from harness.model.lab import Lab
from harness.model.variant import Measured, Variant
from harness.proof.item import Listed
from harness.recording import Recording


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs a lab's variants; those as the lab has them are kept, for all that is compared."""

    entry: Entry
    seed: int = 1
    sound: dict[str, Recording] = field(default_factory=dict)
    called: dict[str, Sequence[Listed]] = field(default_factory=dict)
    """The sabotages of what each variant calls, as far as it is known."""

    @property
    def lab(self) -> Lab:
        """The lab as it is."""
        return self.entry.lab

    def run(self, lab: Lab, variant: Variant) -> Recording:
        """Run a variant of a lab as it is given: faults and load have been chosen.

        Raises:
            ChaoslabError: it cannot go on.

        """
        plan = Plan(slug=self.entry.slug, lab=lab, variant=variant, seed=self.seed)
        return SimEngine().run(plan, conducted(lab), Unwatched())

    def met(self, variant: Variant, lab: Lab | None = None) -> Recording:
        """Run a variant under all that it meets in the lab, or in another made of it."""
        return self.run((lab or self.lab).facing(variant, self.seed), variant)

    def as_it_is(self, variant: Variant) -> Recording:
        """Give the recording of a variant of the lab as it is."""
        if variant.name not in self.sound:
            self.sound[variant.name] = self.met(variant)
        return self.sound[variant.name]

    def noticed(self, made: Recording) -> tuple[str, ...]:
        """Name the claims of the lab that do not hold of a recording, told as one of a variant.

        What several variants show together is judged with the others as they are.
        """
        controls: list[Control] = judge(self.lab, made)
        measured = [one for one in self.lab.variants if isinstance(one, Measured)]
        if self.lab.across and made.variant in [one.name for one in measured]:
            others = {one.name: self.as_it_is(one) for one in self.lab.variants}
            controls += across(self.lab, {**others, made.variant: made}).controls
        return names(controls)

    def all_alike(self, made: Recording) -> tuple[str, ...]:
        """Name the claims that do not hold if every variant had shown what one recording shows."""
        alike = {one.name: replace(made, variant=one.name) for one in self.lab.variants}
        controls = [each for one in alike.values() for each in judge(self.lab, one)]
        return names([*controls, *across(self.lab, alike).controls])


def names(controls: Iterable[Control]) -> tuple[str, ...]:
    """Name the claims that fail, or that a run could not show."""
    missed = [*failures(list(controls))]
    missed += [one for one in controls if one.verdict is Verdict.INCONCLUSIVE and one not in missed]
    return tuple(dict.fromkeys(one.claim for one in missed))


def ended(error: ChaoslabError) -> tuple[str, ...]:
    """Say that a run came to no end, which is noticed as well."""
    return (f"the run ends: {str(error).splitlines()[0]}",)
