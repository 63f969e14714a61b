"""Labs run otherwise than they are: each time the verdict must turn."""

from functools import cache

from harness import catalogue, runner
from harness.checks.verdict import Verdict, failures, judge
from harness.cli.options import changed, chosen
from harness.conductor import conductor
from harness.engines.sim.engine import SimEngine
from harness.model.lab import Lab
from tests.support import Silent, run

SEED = 1


def failed(lab: Lab, variant: str, *, runs: Lab | None = None) -> set[str]:
    """Name the claims of a lab that fail when a variant of it, or of another, runs simulated."""
    runs = runs or lab
    recording = run(runs, conductor(runs.faults, runs.duration_s), variant=variant, seed=SEED)
    return {control.claim for control in failures(judge(lab, recording))}


@cache
def after(slug: str, command: str) -> tuple[Verdict, set[str]]:
    """Do what a lesson says, simulated: give the verdict and the claims that fail.

    The command is what follows `./lab run SLUG`: a variant's name and settings.
    """
    variant, *assignments = command.split()
    entry = changed(catalogue.find(slug), assignments)
    result = runner.run(entry, chosen(entry, [variant]), SEED, [SimEngine()], lambda *_: Silent())
    return result.verdict, {control.claim for control in failures(result.controls)}
