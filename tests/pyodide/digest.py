"""Prints what a lab comes to, a JSON line for each variant and seed: for one Python or another.

`digest.py SEED...` runs retry-storm under its own fault and under a crash, a lab with a Redis, and
one in which much is due at the same instants.
All but `wall_s` must be the same wherever it runs.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness import rows
from harness.checks.verdict import judge
from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.model import Kill, Lab, during
from harness.model.variant import Variant
from labs.cascades.retry_storm.lab import LAB
from labs.consensus.split_brain.lab import LAB as SPLIT
from tests.cached import CACHED

LABS = {
    "retry-storm": LAB,
    "crash": replace(
        LAB,
        faults=(during(5, 8, Kill("payments")),),
        variants=(LAB.variant("naive"),),
        across=(),
        predict=(),
    ),
    "cached": CACHED,
    "split-brain": replace(SPLIT, variants=(SPLIT.variant("manual"),), across=(), predict=()),
}

rows.HELD = 2000
"""So few that longer runs go to a file, wherever this runs."""


class Silent:
    """An observer that looks away."""

    def second(self, number: int, good: int) -> None:
        del number, good

    def step(self, what: str) -> None:
        del what


def run(slug: str, lab: Lab, variant: Variant, seed: int) -> dict[str, Any]:
    began_s = time.perf_counter()
    plan = Plan(slug=slug, lab=lab, variant=variant, seed=seed)
    recording = SimEngine().run(plan, conductor(lab.faults, lab.duration_s), Silent())
    wall_s = time.perf_counter() - began_s
    # A run leaves cycles behind. Whenever they are collected, the recording must stay as it is.
    gc.collect()
    return {
        "lab": slug,
        "variant": variant.name,
        "seed": seed,
        "digest": recording.digest(),
        "requests": len(recording.requests),
        "spans": len(recording.spans),
        "controls": [f"{c.kind}, {c.claim}: {c.value!r}" for c in judge(lab, recording)],
        "notes": recording.notes,
        "wall_s": round(wall_s, 2),
    }


def runs(seeds: list[int]) -> Iterator[dict[str, Any]]:
    for slug, lab in LABS.items():
        for seed in seeds:
            for variant in lab.variants:
                yield run(slug, lab, variant, seed)


if __name__ == "__main__":
    for row in runs([int(seed) for seed in sys.argv[1:]]):
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
