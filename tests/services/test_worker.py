"""Worker: capacity by construction, first come, first served."""

import pytest

from harness.engines.sim.engine import DELAY_S
from harness.model import Paced, Service
from harness.recording import Recording, SeriesKey
from tests.support import CLOSE, At, lab, run

BOTH_WAYS_S = 4 * DELAY_S
"""A first request on a connection: the connect, there and back."""


def burst(count: int, *, workers: int, service_ms: float, timeout_ms: float = 60_000) -> Recording:
    """Ask a worker many times at once, at second 1."""
    settings = {"workers": workers, "service_ms": service_ms}
    load = At(to="worker", times_s=(1.0,) * count, timeout_ms=timeout_ms)
    return run(lab(Service("worker", app="services.worker", settings=settings), load=load))


def test_a_request_takes_the_service_time() -> None:
    """No more, when a slot is free."""
    (request,) = burst(1, workers=4, service_ms=40).requests
    assert request.latency_s == pytest.approx(0.04 + BOTH_WAYS_S, abs=CLOSE)


def test_slots_serve_side_by_side_and_the_rest_in_order() -> None:
    """Ten requests on four slots: three rounds, in the order of arrival."""
    requests = burst(10, workers=4, service_ms=40).requests
    rounds = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]
    assert [one.latency_s for one in requests] == [
        pytest.approx(0.04 * number + BOTH_WAYS_S, abs=CLOSE) for number in rounds
    ]


def test_capacity_is_slots_over_service_time() -> None:
    """At twice the capacity of 100/s, just 100/s come out, without an error."""
    settings = {"workers": 4, "service_ms": 40}
    recording = run(
        lab(
            Service("worker", app="services.worker", settings=settings),
            load=Paced(to="worker", rate_rps=200, timeout_ms=60_000),
            duration_s=5,
        )
    )
    done = [one.answered_s for one in recording.requests if 2 <= one.answered_s < 4]
    assert len(done) == pytest.approx(200, abs=4)
    assert {one.status for one in recording.requests} == {"200"}


def test_it_serves_those_who_have_stopped_waiting() -> None:
    """A caller that gives up leaves its work in the queue, and what comes later waits for it."""
    recording = burst(10, workers=1, service_ms=100, timeout_ms=250)
    assert [one.status for one in recording.requests] == ["200"] * 2 + ["timeout"] * 8
    assert recording.series[SeriesKey("worker", "requests_total", 'status="200"')][-1] == 10


def test_the_queue_is_what_waits_for_a_slot() -> None:
    """The gauge counts neither those in service nor those who have left."""
    recording = burst(50, workers=2, service_ms=100)
    queue = recording.series[SeriesKey("worker", "queue_depth", "")]
    # They come just after second 1; at second 2, 18 have left and 2 are being served.
    assert queue[:5] == [0, 0, 50 - 20, 50 - 40, 0]


def test_an_idle_time_is_not_saved_up() -> None:
    """A slot that was free for a second serves the next request no faster."""
    load = At(to="worker", times_s=(1.0, 3.0, 3.0), timeout_ms=60_000)
    settings = {"workers": 1, "service_ms": 500}
    recording = run(lab(Service("worker", app="services.worker", settings=settings), load=load))
    assert [one.latency_s for one in recording.requests] == [
        pytest.approx(0.5 + BOTH_WAYS_S, abs=CLOSE),
        pytest.approx(0.5 + 2 * DELAY_S, abs=CLOSE),
        pytest.approx(1.0 + 2 * DELAY_S, abs=CLOSE),
    ]
