"""What a lab claims of a variant, and how that stands in a run so far."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from harness.model.expect import NoDataError
from harness.model.lab import Lab
from harness.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claim: what is measured, what it is, and what it must be; None where nothing is known."""

    claim: str
    measure: str
    value: float | None
    wanted: str
    holds: bool | None


def claimed(lab: Lab, variant: str, so_far: Recording) -> Iterator[Claimed]:
    """Hold each claim about a variant against the run so far; a window must have gone by."""
    for item in lab.expect:
        if not item.is_baseline and variant not in item.variants:
            continue
        value = math.nan
        with suppress(NoDataError):
            value = item.measure.compute(so_far)
        is_known = math.isfinite(value)
        yield Claimed(
            claim=item.claim,
            measure=item.measure.name,
            value=value if is_known else None,
            wanted=str(item.bound),
            holds=item.bound.holds(value) if is_known else None,
        )
