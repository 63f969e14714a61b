"""Labs run otherwise than they are: each time the verdict must turn."""

from harness.checks.verdict import failures, judge
from harness.conductor import conducted
from harness.model.lab import Lab
from tests.support import run

SEED = 1


def failed(lab: Lab, variant: str, *, runs: Lab | None = None) -> set[str]:
    """Name the claims of a lab that fail when a variant of it, or of another, runs simulated."""
    runs = runs or lab
    own = runs.facing(runs.variant(variant), SEED)
    recording = run(own, conducted(own), variant=variant, seed=SEED)
    return {control.claim for control in failures(judge(lab, recording))}
