"""Seeds that share processes, one after another, are what each is in a process of its own.

`CHAOSLAB_SEEDS` says how many there are: `./lab test --nightly` asks for 200.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import catalogue, runner
from harness.checks.verdict import Control
from harness.cli.workers import spread
from harness.engines.sim.engine import SimEngine
from harness.model.variant import Variant
from tests.support import Silent

ROOT = Path(__file__).parents[3]
SEEDS = int(os.environ.get("CHAOSLAB_SEEDS", "4"))
PROCESSES = 2
QUICK = ("poison-message", "config-push")
"""With a Redis and without; each process has both."""
Job = tuple[str, int]
Seen = tuple[Job, list[str], list[tuple[str, str, str]]]
"""What was run, the digests of its recordings, and each control's name, measure and value."""
PROGRAM = """
import json, sys
from test_seeds_in_a_pool import simulated

print(json.dumps(simulated((sys.argv[1], int(sys.argv[2])))))
"""


def simulated(job: Job) -> Seen:
    """Run a variant of a lab under a seed, without its faults too if it is a broken one."""
    slug, seed = job
    entry = catalogue.find(slug)
    variants = entry.lab.variants
    variant = variants[seed // 2 % len(variants)]
    result = runner.run(entry, [variant], seed, [SimEngine()], _watch)
    digests = [recording.digest() for recording in result.recordings]
    return job, digests, [_told(control) for control in result.controls]


def _told(control: Control) -> tuple[str, str, str]:
    return f"{control.variant}: {control.claim}", control.measure, float(control.value).hex()


def _watch(engine: object, variant: Variant, lab: object) -> Silent:
    del engine, variant, lab
    return Silent()


def fresh(job: Job) -> Seen:
    """Do the same in a process that has done nothing else."""
    slug, seed = job
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM, slug, str(seed)],
        env={
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent))),
            "PYTHONHASHSEED": "0",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    (name, number), digests, controls = json.loads(done.stdout)
    return (name, number), digests, [(claim, measure, value) for claim, measure, value in controls]


def _never(job: Job) -> Seen:
    pytest.fail(f"the process of {job} was killed")


def test_seeds_in_a_pool_are_what_they_are_alone() -> None:
    """Digests, values and claims; each process has done several labs and seeds by then."""
    slugs = catalogue.slugs()
    chosen = slugs if len(slugs) < SEEDS else QUICK
    jobs = [(chosen[seed % len(chosen)], seed) for seed in range(1, SEEDS + 1)]
    pooled = list(spread(jobs, simulated, PROCESSES, lambda _: None, lost=_never, cleans_up=False))
    assert [job for job, *_ in pooled] == jobs
    assert len({tuple(digests) for _, digests, _ in pooled}) == len(jobs)
    for seen in pooled:
        assert seen == fresh(seen[0])
