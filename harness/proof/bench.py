"""A bench: one lab under one seed, run otherwise than it is and judged as it is, simulated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from harness.catalogue import Entry
from harness.checks.across import across
from harness.checks.verdict import Control, Verdict, failures, judge
from harness.conductor import conducted
from harness.engines.protocol import Conductor, Observer, Plan, Unwatched
from harness.engines.sim.engine import SimEngine
from harness.errors import ChaoslabError
from harness.model.definition import experiment
from harness.model.lab import Lab
from harness.model.variant import Measured, Variant
from harness.proof.item import Listed
from harness.proof.replacing import watched
from harness.recording import Recording


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs a lab's variants; those as the lab has them are kept, for all that is compared.

    So are the negative controls. What comes to the same experiment as one of these is not simulated
    again: a fix with its one setting undone is the broken variant.
    """

    name: ClassVar[str] = SimEngine.name
    real_time: ClassVar[bool] = False
    entry: Entry
    seed: int = 1
    sound: dict[str, Recording] = field(default_factory=dict)
    calm: dict[str, Recording] = field(default_factory=dict)
    """The negative controls, by their variants."""
    called: dict[str, Sequence[Listed]] = field(default_factory=dict)
    """The sabotages of what each of the sound ones calls."""

    @property
    def lab(self) -> Lab:
        """The lab as it is."""
        return self.entry.lab

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Run a plan as the simulator does, or give what is kept of the same experiment.

        Raises:
            ChaoslabError: it cannot go on.

        """
        known = self._alike(plan) if plan.seed == self.seed else None
        return known or SimEngine().run(plan, conduct, observer)

    def _alike(self, plan: Plan) -> Recording | None:
        """Give what a run of the lab as it is records, if it is the same experiment as a plan."""
        asked = experiment(plan.lab, plan.variant)
        for variant in self.lab.variants:
            faced = self.lab.facing(variant, self.seed)
            if experiment(faced, variant) == asked:
                return replace(self.as_it_is(variant), variant=plan.variant.name)
            if experiment(faced.without_trigger(), variant) == asked:
                return replace(self.without_trigger(variant), variant=plan.variant.name)
        return None

    def simulated(self, variant: Variant, lab: Lab | None = None) -> Recording:
        """Simulate a variant under all that it meets in the lab, or in another made of it.

        Raises:
            ChaoslabError: it cannot go on.

        """
        plan = self._plan(variant, lab or self.lab)
        return SimEngine().run(plan, conducted(plan.lab), Unwatched())

    def met(self, variant: Variant, lab: Lab | None = None) -> Recording:
        """As above, or give what is kept of the same experiment."""
        plan = self._plan(variant, lab or self.lab)
        return self.run(plan, conducted(plan.lab), Unwatched())

    def _plan(self, variant: Variant, lab: Lab) -> Plan:
        faced = lab if lab.is_control else lab.facing(variant, self.seed)
        return Plan(slug=self.entry.slug, lab=faced, variant=variant, seed=self.seed)

    def as_it_is(self, variant: Variant) -> Recording:
        """Give the recording of a variant of the lab as it is."""
        if variant.name not in self.sound:
            with watched() as called:
                self.sound[variant.name] = self.simulated(variant)
            self.called[variant.name] = list(called)
        return self.sound[variant.name]

    def calls(self, variant: Variant) -> Sequence[Listed]:
        """Give the sabotages of all that a variant of the lab calls."""
        self.as_it_is(variant)
        return self.called[variant.name]

    def without_trigger(self, variant: Variant) -> Recording:
        """Give the negative control of a variant."""
        if variant.name not in self.calm:
            calm = self.lab.facing(variant, self.seed).without_trigger()
            self.calm[variant.name] = self.simulated(variant, calm)
        return self.calm[variant.name]

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
