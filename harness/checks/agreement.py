"""Agreement: a measured run held against the simulated one of the same variant and seed."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator

from harness.checks.verdict import Control, Kind
from harness.measures.calls import attempts_per_request, calls_per_request
from harness.measures.requests import goodput_rps
from harness.model.expect import Bound, Measure
from harness.model.lab import CLIENT, Lab
from harness.recording import Recording

WITHIN = 0.1
"""How far a measured figure may be from the simulated one, as a share of it."""
CALLS = "calls to "
"""What a claim of calls begins with; the callee's name follows."""
SIGMAS = 2
"""How far a count may be, in standard deviations of a count that is left to chance."""


def agreement(lab: Lab, simulated: Recording, measured: Recording) -> Iterator[Control]:
    """Hold goodput before, during and after the faults, and calls per request, together.

    Figures may differ by a tenth. Those that come of few events may differ by more: counts by
    2 sqrt(n) of the larger one, which is beyond a tenth below 400, as the engines' races are not
    the same; the smaller may be 0, which says nothing of chance. And two
    systems are down alike if neither answers a tenth of what it did before the fault: what is still
    answered are stragglers at the window's edges. Their number hangs on when processes poll, and
    those have not started at the same time before second 0. Where neither run has anything to
    compare, as in a window in which nothing is due, nothing is compared.
    """
    windows = _windows(lab)
    healthy_rps = goodput_rps(*next(iter(windows.values()))).of(simulated)
    for name, (start_s, end_s) in windows.items():
        measure = goodput_rps(start_s, end_s)
        yield from _held(
            goodput_claim(name), measure, simulated, measured, of=end_s - start_s, least=healthy_rps
        )
    for service, callees in _called(lab).items():
        measure = _attempts(service, callees, lab.duration_s)
        yield from _held(CALLS + service, measure, simulated, measured, of=len(simulated.requests))


def goodput_claim(when: str) -> str:
    """Name the claim of goodput `before`, `during` or `after` the faults, or `without` any."""
    return f"goodput {when} the fault"


def _called(lab: Lab) -> dict[str, Collection[str]]:
    """Give what calls name, by service: which of its replicas is asked may be chance."""
    called: dict[str, dict[str, None]] = defaultdict(dict)
    for link in lab.links():
        if link.caller != CLIENT:
            called[lab.folded(link.callee)][link.callee] = None
    return {service: tuple(callees) for service, callees in called.items()}


def _attempts(service: str, callees: Collection[str], duration_s: float) -> Measure:
    return Measure(
        name=attempts_per_request(service, 0, duration_s).name,
        compute=lambda recording: calls_per_request(recording, callees, 0, duration_s),
    )


def _windows(lab: Lab) -> dict[str, tuple[float, float]]:
    if not (triggers := lab.triggers()):
        return {"without": (0, lab.duration_s)}
    start_s = min(one.start_s for one in triggers)
    end_s = max(one.end_s for one in triggers)
    return {"before": (0, start_s), "during": (start_s, end_s), "after": (end_s, lab.duration_s)}


def _held(  # noqa: PLR0913 - what is held against what, and how it was counted
    claim: str,
    measure: Measure,
    simulated: Recording,
    measured: Recording,
    *,
    of: float,
    least: float = 0,
) -> Iterator[Control]:
    expected = measure.of(simulated)
    found = measure.read(measured)
    if math.isnan(expected) and math.isnan(found.value):
        return
    slack = math.nan
    if math.isfinite(expected):
        larger = expected if math.isnan(found.value) else max(expected, found.value)
        by_chance = SIGMAS * math.sqrt(larger * of) / of
        slack = max(WITHIN * expected, WITHIN * least - expected, by_chance)
    yield Control(
        kind=Kind.AGREEMENT,
        claim=claim,
        variant=measured.variant,
        engine=measured.engine,
        measure=measure.name,
        unit=measure.unit,
        value=found.value,
        missing=found.missing,
        bound=Bound(at_least=expected - slack, at_most=expected + slack, equals=expected),
    )
