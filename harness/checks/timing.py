"""Whether a measured run kept time: else the machine was too busy, and the run proves nothing."""

import math
from collections.abc import Iterator, Sequence

from harness.checks.verdict import Control, Kind
from harness.model.expect import Bound
from harness.recording import FaultRecord, Recording

SCHEDULE_LIMIT_MS = 50.0
"""How late one request in a hundred may be sent: ten times what an idle machine shows."""
LAG_LIMIT_MS = 250.0
"""How late a fault or its removal may be asked for, and how long it may take to read it back: ten
times what an idle machine shows."""


def timing(recording: Recording, how: str = "") -> Iterator[Control]:
    """Hold the load's schedule and the faults' lag against their limits.

    `how` says which run of the variant it was, where there are two of them.
    """
    of = f", {how}" if how else ""
    late_ms = sorted(
        1000 * (request.sent_s - request.intended_s)
        for request in recording.requests
        if not math.isnan(request.sent_s)
    )
    if late_ms:
        rank = math.ceil(0.99 * len(late_ms)) - 1
        yield _held(
            recording, "requests are sent when due", f"p99{of}", late_ms[rank], SCHEDULE_LIMIT_MS
        )
    if recording.faults:
        lags_ms = list(_lags_ms(recording.faults))
        lag_ms = math.nan if any(map(math.isnan, lags_ms)) else max(lags_ms)
        yield _held(recording, "faults come and go when due", f"most{of}", lag_ms, LAG_LIMIT_MS)


def _lags_ms(faults: Sequence[FaultRecord]) -> Iterator[float]:
    """Give what is the machine's: what a fault itself takes, such as a process its end, is not.

    A harness that is held while a fault waits asks for it, or for its removal, too late. A step is
    never removed.
    """
    for fault in faults:
        yield 1000 * (fault.requested_s - fault.start_s)
        yield 1000 * (fault.seen_s - fault.applied_s)
        if math.isfinite(fault.end_s):
            yield 1000 * (fault.removal_s - fault.end_s)


def _held(recording: Recording, claim: str, which: str, value: float, limit: float) -> Control:
    return Control(
        kind=Kind.TIMING,
        claim=claim,
        variant=recording.variant,
        engine=recording.engine,
        measure=f"delay, {which}",
        unit="ms",
        value=value,
        bound=Bound(at_most=limit),
    )
