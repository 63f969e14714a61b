"""Comparison: of a run on both engines, what each variant came to on the one and on the other."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.checks.agreement import CALLS, goodput_claim
from harness.checks.verdict import Control, Kind, Verdict, verdict_of

WINDOWS = ("before", "during", "after")
SINGLE = "without"
"""The window of a lab that has no faults: nothing has happened yet, so it is like `before`."""
OF_ONE = (Kind.NEGATIVE, Kind.AGREEMENT)
"""Controls that are made on one engine alone, and so tell nothing about both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One variant on both engines; a control's bound has the simulated value in its middle.

    `goodput` holds the controls by window, and `calls` that of the callee which differs most.
    """

    variant: str
    simulated: Verdict
    measured: Verdict
    goodput: dict[str, Control]
    calls: Control | None
    differing: tuple[Control, ...]

    @property
    def agrees(self) -> bool:
        """Whether no figure differs by more than is allowed, and the verdicts are the same."""
        return not self.differing and self.simulated is self.measured


def compared(controls: Sequence[Control]) -> Iterator[Compared]:
    """Give each variant that was run on both engines, in the order of the run."""
    held = [control for control in controls if control.kind is Kind.AGREEMENT]
    for variant in dict.fromkeys(control.variant for control in held):
        own = [control for control in controls if control.variant == variant]
        yield _compared(variant, own)


def difference(control: Control) -> float:
    """Give by what share the measured value is off; NaN where it is off from nothing."""
    simulated = expected(control)
    if control.value == simulated:
        return 0.0
    return (control.value - simulated) / simulated if simulated else math.nan


def _compared(variant: str, controls: Sequence[Control]) -> Compared:
    held = {control.claim: control for control in controls if control.kind is Kind.AGREEMENT}
    goodput = {when: held.get(goodput_claim(when)) for when in WINDOWS}
    goodput["before"] = goodput["before"] or held.get(goodput_claim(SINGLE))
    calls = [control for claim, control in held.items() if claim.startswith(CALLS)]
    return Compared(
        variant=variant,
        simulated=_verdict(controls, "sim"),
        measured=_verdict(controls, "compose"),
        goodput={when: control for when, control in goodput.items() if control},
        calls=max(calls, key=_strain, default=None),
        differing=tuple(one for one in held.values() if one.verdict is not Verdict.PASS),
    )


def _verdict(controls: Iterable[Control], engine: str) -> Verdict:
    return verdict_of(one for one in controls if one.engine == engine and one.kind not in OF_ONE)


def _strain(control: Control) -> float:
    """Give how much of what is allowed a difference takes: beyond 1, it is too much."""
    simulated = expected(control)
    off = abs(control.value - simulated)
    allowed = control.bound.at_most - simulated
    if not off:
        return 0.0
    return off / allowed if allowed and math.isfinite(off) else math.inf


def expected(control: Control) -> float:
    """Give the simulated value that a measured one is held against."""
    return math.nan if control.bound.equals is None else control.bound.equals
