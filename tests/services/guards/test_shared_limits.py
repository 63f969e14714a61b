"""Rate limits in Redis: one count for several processes, and none when the store is down."""

from dataclasses import replace
from itertools import pairwise

import pytest

from harness.conductor import conductor
from harness.model import Kill, Paced, Redis, Send, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.patterns.limiting import Kind
from tests.support import lab, run

SHARED = (Kind.FIXED_WINDOW, Kind.SLIDING_WINDOW, Kind.TOKEN_BUCKET)
RATE = 5


def asked(kind: Kind, *, store: str = "store", faults: tuple[Timed, ...] = ()) -> Recording:
    """Ask two gateways 40 times a second together, which may ask their callee 5 times a second."""
    settings: dict[str, Setting] = {
        "outgoing.order": "limiter",
        "outgoing.limiter.kind": str(kind),
        "outgoing.limiter.rate_rps": RATE,
        "outgoing.limiter.burst": RATE,
        "outgoing.limiter.store": store,
    }
    value = lab(
        Service(
            "gateway",
            app="services.gateway",
            replicas=2,
            calls=("callee", "store"),
            settings=settings,
        ),
        Service("callee", app="services.worker", settings={"service_ms": 1}),
        load=Paced(
            to="gateway-1",
            rate_rps=40,
            mix=tuple(Send(to=f"gateway-{number}", path="/callee") for number in (1, 2)),
        ),
        faults=faults,
    )
    return run(replace(value, stores=(Redis("store"),)), conductor(faults, value.duration_s))


def times_s(recording: Recording) -> list[float]:
    return sorted(
        span.start_s
        for span in recording.spans
        if span.kind == "client" and span.callee == "callee"
    )


@pytest.mark.parametrize("kind", SHARED)
def test_processes_share_one_limit(kind: Kind) -> None:
    """Together they have what one has; with a count of its own, each has as much."""
    shared = times_s(asked(kind))
    assert len(shared) == pytest.approx(RATE * 10 + RATE, abs=RATE)
    alone = times_s(asked(kind, store=""))
    assert len(alone) == pytest.approx(2 * len(shared), abs=2 * RATE)


def test_a_sliding_window_holds_in_any_second() -> None:
    """By the store's own clock, whoever asks."""
    sent_s = times_s(asked(Kind.SLIDING_WINDOW))
    ahead = zip(sent_s, sent_s[RATE:], strict=False)
    assert all(later - earlier >= 1 - 0.01 for earlier, later in ahead)
    assert all(earlier <= later for earlier, later in pairwise(sent_s))


def test_a_fixed_window_begins_with_a_request() -> None:
    """The next one at the earliest as long afterwards as it is, at the latest with the next try."""
    sent_s = times_s(asked(Kind.FIXED_WINDOW))
    apart_s = [later - earlier for earlier, later in pairwise(sent_s[::RATE])]
    assert len(apart_s) >= RATE
    assert all(1 - 0.01 <= one <= 1 + 2 / 40 for one in apart_s)
    full_s = zip(sent_s[::RATE], sent_s[RATE - 1 :: RATE], strict=False)
    assert all(last - first < 2 * RATE / 40 for first, last in full_s)


def test_refusals_are_429() -> None:
    """Of the gateway, which did not ask."""
    recording = asked(Kind.TOKEN_BUCKET)
    assert {one.status for one in recording.requests} == {"200", "429"}
    assert sum(one.status == "200" for one in recording.requests) == len(times_s(recording))


def test_without_the_store_all_are_let_through() -> None:
    """A limiter that is down must not be an outage; what it let through is counted."""
    recording = asked(Kind.TOKEN_BUCKET, faults=(during(4, 6, Kill("store")),))
    passed = [at_s for at_s in times_s(recording) if 4.5 < at_s < 5.5]
    assert len(passed) == pytest.approx(40, abs=2)
    failed = [
        values[-1]
        for key, values in recording.series.items()
        if key.metric == "guard_events_total" and 'event="store failed"' in key.labels
    ]
    assert sum(failed) >= len(passed)
