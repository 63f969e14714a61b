"""Cache: how many of those who miss ask the callee, under each protection."""

from dataclasses import replace

import pytest

from harness.conductor import conductor
from harness.measures import attempts_rps, calls_per_burst
from harness.model import Down, Kill, Paced, Redis, Send, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from tests.support import lab, run

APPS = ("app-1", "app-2", "app-3")


def cached(*faults: Timed, workers: int = 100, **settings: str | float) -> Recording:
    """Ask three caches in turn, 150 times a second; the callee takes 200 ms, and answers 1 s."""
    own = {"store": "store", "ttl_ms": 1000, "timeout_ms": 2000, **settings}
    callee = {"workers": workers, "service_ms": 200}
    value = replace(
        lab(
            Service(
                "app", app="services.cache", replicas=3, calls=("store", "origin"), settings=own
            ),
            Service("origin", app="services.worker", settings=callee),
            load=Paced(to="app-1", rate_rps=150, mix=tuple(Send(to=app) for app in APPS)),
            faults=faults,
        ),
        stores=(Redis("store"),),
    )
    return run(value, conductor(faults, value.duration_s))


def burst(recording: Recording) -> float:
    return calls_per_burst("origin", 1, 10, gap_s=0.3).of(recording)


def by_caller(recording: Recording) -> set[str]:
    return {span.caller for span in recording.spans if span.callee == "origin" and span.caller}


def test_without_protection_everybody_asks_who_misses() -> None:
    """One, and 150/s for the 200 ms until there is an answer again."""
    assert burst(cached()) == pytest.approx(31, abs=2)


def test_single_flight_asks_once_in_each_process() -> None:
    """Three processes ask three times."""
    recording = cached(protection="single-flight")
    assert burst(recording) == 3
    assert by_caller(recording) == set(APPS)


def test_a_lease_asks_once_in_all() -> None:
    """The others look again until there is an answer, and all get it."""
    recording = cached(protection="lease")
    assert burst(recording) == 1
    assert {one.status for one in recording.requests} == {"200"}
    assert max(one.latency_s for one in recording.requests) < 0.3


def test_a_lease_outlives_its_holder_for_its_period_only() -> None:
    """The holder dies while it asks; another takes over, and who waits gets the answer."""
    recording = cached(
        *(during(4 + n / 100, 9.5, Kill(app)) for n, app in enumerate(APPS[:2])),
        protection="lease",
        lease_ms=500,
        ttl_ms=600,
    )
    survivor = [one for one in recording.requests if one.to == "app-3"]
    assert {one.status for one in survivor} == {"200"}


def test_early_expiry_asks_before_anybody_misses() -> None:
    """Between one and a few each time, so that hardly anybody waits."""
    early, plain = cached(protection="early"), cached()
    assert 1 < burst(early) < 8

    def waited(recording: Recording) -> int:
        return sum(one.latency_s > 0.1 for one in recording.requests if one.intended_s > 1)

    assert waited(early) < waited(plain) / 4


@pytest.mark.parametrize("fault", [Kill("store"), Down("app-1->store")])
def test_without_the_store_each_process_still_asks_once(fault: Kill | Down) -> None:
    """Three at a time at most, however many miss: a callee of capacity 20/s carries it."""
    recording = cached(during(3, 6, fault), workers=4, protection="single-flight")
    assert {one.status for one in recording.requests} == {"200"}
    assert max(one.latency_s for one in recording.requests) < 1


@pytest.mark.parametrize("protection", ["lease", "early"])
def test_without_the_store_the_others_protect_nobody(protection: str) -> None:
    """Both need it, and single flight does not stand beneath them: all callers ask the callee."""
    recording = cached(during(3, 6, Kill("store")), workers=4, protection=protection)
    asked = attempts_rps("origin", 3.5, 5.5).of(recording)
    assert asked > 0.9 * attempts_rps("origin", 3.5, 5.5).of(cached(during(3, 6, Kill("store"))))


def test_a_failing_callee_is_a_502() -> None:
    """When there is nothing on the shelf."""
    recording = cached(during(3, 6, Down("app-1->origin")), ttl_ms=1, protection="single-flight")
    down = [one for one in recording.between(3.5, 5.5) if one.to == "app-1"]
    assert {one.status for one in down} == {"502"}
