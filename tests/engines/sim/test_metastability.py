"""Retries and the state from which a system does not come back: where theory puts the line.

A first-come-first-served server of rate mu that also serves what nobody waits for any more, a time
limit tau and m retries: sure to recover while lambda (1 + m) < mu, and able to stay down above.
Bronson et al., HotOS 2021.
"""

import pytest

from harness.conductor import conductor
from harness.measures import attempts_per_request, latency_ms, success_ratio
from harness.model import Paced, Pause, Service, during
from harness.recording import Recording
from tests.support import lab, run

MU_RPS = 50
TAU_S = 1
STALL_AT_S = 5


def stalled(rate_rps: float, retries: int, stall_s: float, duration_s: float = 30) -> Recording:
    """Stall the server of a relay for a while, under arrivals like a metronome's."""
    value = lab(
        Service(
            "front",
            app="services.relay",
            calls=("server",),
            settings={"timeout_ms": 1000 * TAU_S, "tries": 1 + retries},
        ),
        Service(
            "server",
            app="services.worker",
            settings={"workers": 1, "service_ms": 1000 / MU_RPS},
        ),
        load=Paced(to="front", rate_rps=rate_rps, timeout_ms=20_000),
        duration_s=duration_s,
        faults=(during(STALL_AT_S, STALL_AT_S + stall_s, Pause("server")),),
    )
    return run(value, conductor(value.faults, value.duration_s))


@pytest.mark.parametrize("retries", [0, 1, 2, 3])
def test_below_the_threshold_it_recovers(retries: int) -> None:
    """At 0.8 mu / (1 + m) even a storm of retries is less than the server can do."""
    recording = stalled(0.8 * MU_RPS / (1 + retries), retries, stall_s=3)
    assert success_ratio(0, STALL_AT_S - TAU_S).of(recording) == 1
    failed = success_ratio(STALL_AT_S, STALL_AT_S + 1).of(recording) < 1
    assert failed or latency_ms(1, STALL_AT_S, STALL_AT_S + 1).of(recording) > 1000 * TAU_S
    assert success_ratio(22, 30).of(recording) == 1


@pytest.mark.parametrize("retries", [0, 1, 2, 3])
def test_above_the_threshold_it_never_recovers(retries: int) -> None:
    """At 1.2 mu / (1 + m) the storm feeds itself, long after the stall that set it off."""
    recording = stalled(1.2 * MU_RPS / (1 + retries), retries, stall_s=3)
    if retries:
        assert success_ratio(0, STALL_AT_S - TAU_S).of(recording) == 1
    assert success_ratio(22, 30).of(recording) == 0
    calls = attempts_per_request("server", 22, 30).of(recording)
    assert calls == pytest.approx(1 + retries, abs=0.05)


@pytest.mark.parametrize(("stall_s", "recovers"), [(0.9 * TAU_S, True), (2 * TAU_S, False)])
def test_the_trigger_must_outlast_the_time_limit(stall_s: float, *, recovers: bool) -> None:
    """At 0.7 mu and three retries: nothing expires in 0.9 tau, and 2 tau is one too many."""
    recording = stalled(0.7 * MU_RPS, retries=3, stall_s=stall_s, duration_s=20)
    assert success_ratio(12, 20).of(recording) == (1 if recovers else 0)
