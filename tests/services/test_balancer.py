"""Balancer: which replica it asks, by which figures, and what it answers."""

from collections import Counter
from typing import Any

import pytest

from harness.conductor import conductor
from harness.model import Configure, Kill, Pause, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import At, lab, run

REPLICAS = ("app-1", "app-2", "app-3")


def asked(
    *times_s: float,
    faults: tuple[Timed, ...] = (),
    service_ms: tuple[int, ...] = (40, 40, 40),
    **settings: str | float,
) -> Recording:
    """Ask a balancer over three replicas, of one slot each, at given times."""
    value = lab(
        Service("balancer", app="services.balancer", calls=REPLICAS, settings=settings),
        Service(
            "app",
            app="services.worker",
            replicas=3,
            settings={"workers": 1},
            each={"service_ms": service_ms},
        ),
        load=At(to="balancer", times_s=times_s, timeout_ms=60_000),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def calls(recording: Recording) -> list[str]:
    spans = [span for span in recording.spans if span.kind == "client"]
    return [span.callee for span in sorted(spans, key=lambda span: span.start_s)]


def every(gap_s: float, count: int, start_s: float = 1) -> tuple[float, ...]:
    return tuple(start_s + gap_s * number for number in range(count))


def test_turns_go_round_also_to_the_slow() -> None:
    """Each gets a third, and what is sent to the slow one waits."""
    recording = asked(*every(0.1, 12), service_ms=(20, 20, 900), policy="round-robin")
    assert calls(recording) == [*REPLICAS] * 4
    lost = [one.number for one in recording.requests if one.status == "504"]
    assert lost == [2, 5, 8, 11]


def test_the_least_loaded_is_asked_by_the_own_count() -> None:
    """Who still works on a request is passed over, to the instant."""
    recording = asked(*every(0.1, 12), service_ms=(20, 20, 900), policy="least", own_count=True)
    counts = Counter(calls(recording))
    # It gives up after 0.5 s, and then the slow one looks idle again.
    assert 1 <= counts["app-3"] <= 3


def test_a_report_holds_until_the_next() -> None:
    """All who come meanwhile are sent to the one that was idle."""
    recording = asked(*every(0.05, 60), policy="least", report_ms=1000)
    spans = sorted((s for s in recording.spans if s.kind == "client"), key=lambda s: s.start_s)
    second = Counter(span.callee for span in spans if 2.01 < span.start_s < 2.99)
    by_own = asked(*every(0.05, 60), policy="least", own_count=True, report_ms=1000)
    assert len(second) < len(REPLICAS)
    assert len(set(calls(by_own)[20:40])) == len(REPLICAS)


def test_reports_can_become_slow_while_it_runs() -> None:
    """The period is a live setting: figures from before the change are gone by for long."""
    faults = (during(3, 8, Configure("balancer", report_ms=3000)),)
    recording = asked(*every(0.05, 130), faults=faults, policy="least", report_ms=50)
    starts = [(s.start_s, s.callee) for s in recording.spans if s.kind == "client"]
    assert len({callee for at_s, callee in starts if 1.5 < at_s < 2.9}) == len(REPLICAS)
    # In the first three seconds of the change, the figures of 3 s hold.
    assert len({callee for at_s, callee in starts if 3.1 < at_s < 5.9}) < len(REPLICAS)


def test_two_choices_pass_over_the_slow_one() -> None:
    """It is asked only when it seems no busier than another."""
    recording = asked(
        *every(0.05, 60), service_ms=(20, 20, 450), policy="two-choices", own_count=True
    )
    assert Counter(calls(recording))["app-3"] < 60 / 3


@pytest.mark.parametrize(("fault", "status"), [(Kill, "502"), (Pause, "504")])
def test_it_says_how_a_replica_failed(fault: type[Kill | Pause], status: str) -> None:
    """502 when there is no answer to come, 504 when it takes too long; the others go on."""
    recording = asked(*every(0.2, 6), faults=(during(0.5, 4, fault("app-2")),))
    assert [one.status for one in recording.requests] == ["200", status, "200"] * 2


def test_a_replicas_own_answer_is_passed_on() -> None:
    """Whatever it is: a full queue is the client's 503."""
    value = lab(
        Service("balancer", app="services.balancer", calls=("app",)),
        Service("app", app="services.worker", settings={"workers": 1, "queue_limit": 0}),
        load=At(to="balancer", times_s=(1.0, 1.0)),
    )
    assert sorted(one.status for one in run(value).requests) == ["200", "503"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"policy": "best"}, "policy is 'best'; it may be round-robin, random, least, two-choices"),
        ({"report_ms": -1}, "report_ms is -1; it must be at least 0"),
        ({"timeout_ms": -1}, "timeout_ms is -1; it must be at least 0"),
    ],
)
def test_impossible_settings_are_refused(values: dict[str, str | int], words: str) -> None:
    """With the bound, or with what there is."""
    with pytest.raises(SettingError, match=words):
        settings_of(load("services.balancer"), values)


def test_a_hedge_goes_to_another_replica() -> None:
    """The one after the one that was picked; what is sent there counts as that one's load."""
    hedge: dict[str, Any] = {"outgoing.order": "hedge", "outgoing.hedge.after_ms": 100.0}
    recording = asked(1, service_ms=(900, 20, 20), policy="round-robin", timeout_ms=0.0, **hedge)
    assert calls(recording) == ["app-1", "app-2"]
    (request,) = recording.requests
    assert request.status == "200"
    assert request.latency_s < 0.2
