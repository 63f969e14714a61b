"""Claims across variants, held against the recordings of one engine."""

import math
from collections.abc import Mapping
from dataclasses import replace

from harness.checks.contrast import Contrast
from harness.checks.verdict import Control, Kind
from harness.model.across import Across
from harness.model.lab import Lab
from harness.recording import Recording

ALIKE = "if all were alike"
"""What is added to a figure that was made of values that do not differ."""
NAMED = 3


def across(lab: Lab, recordings: Mapping[str, Recording]) -> Contrast:
    """Judge every claim whose variants have all run, and show that each compares something."""
    controls: list[Control] = []
    unproven = []
    for item in lab.across:
        missing = [name for name in item.variants if name not in recordings]
        if missing:
            unproven.append(f"{item.claim}: {', '.join(missing)} did not run")
        else:
            controls += _judged(item, [recordings[name] for name in item.variants])
    return Contrast(controls=tuple(controls), unproven=tuple(unproven))


def _judged(item: Across, recordings: list[Recording]) -> list[Control]:
    readings = [item.measure.read(recording) for recording in recordings]
    values = [reading.value for reading in readings]
    missing = next((one.missing for one in readings if one.missing), "")
    held = Control(
        kind=Kind.ACROSS,
        claim=item.claim,
        variant=whose(item),
        engine=recordings[0].engine,
        measure=item.what,
        unit=item.unit,
        value=item.of(values),
        bound=item.bound,
        missing=missing,
    )
    alike = item.of_alike(values)
    if math.isnan(alike):
        return [held]  # no bound accepts it
    told = replace(
        held,
        kind=Kind.TELLS_APART,
        measure=f"{item.what}, {ALIKE}",
        value=alike,
        bound=item.bound.complement(),
    )
    return [held, told]


def whose(item: Across) -> str:
    """Name the variants of a claim: all of a few, the first and the last of many."""
    names = item.variants
    return " and ".join(names) if len(names) < NAMED else f"{names[0]} to {names[-1]}"
