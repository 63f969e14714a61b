"""Worker: capacity by construction, first come, first served."""

import random
import statistics

import pytest

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.model import Configure, Paced, Service, during
from harness.recording import Recording, SeriesKey
from services import worker
from services.server import SettingError, load, settings_of
from services.worker import Spread
from tests.support import CLOSE, At, lab, run

BOTH_WAYS_S = 4 * DELAY_S
"""A first request on a connection: the connect, there and back."""


def burst(count: int, *, timeout_ms: float = 60_000, **settings: str | float) -> Recording:
    """Ask a worker many times at once, at second 1."""
    return asked(*(1.0,) * count, timeout_ms=timeout_ms, **settings)


def asked(*times_s: float, timeout_ms: float = 60_000, **settings: str | float) -> Recording:
    """Ask a worker at given times."""
    load = At(to="worker", times_s=times_s, timeout_ms=timeout_ms)
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
    recording = asked(1.0, 3.0, 3.0, workers=1, service_ms=500)
    assert [one.latency_s for one in recording.requests] == [
        pytest.approx(0.5 + BOTH_WAYS_S, abs=CLOSE),
        pytest.approx(0.5 + 2 * DELAY_S, abs=CLOSE),
        pytest.approx(1.0 + 2 * DELAY_S, abs=CLOSE),
    ]


@pytest.mark.parametrize(("queue_limit", "accepted"), [(0, 2), (1, 3), (5, 7)])
def test_who_finds_the_queue_full_is_rejected_at_once(queue_limit: int, accepted: int) -> None:
    """The slots and the queue take so many; the rest hear 503, and that is counted."""
    recording = burst(10, workers=2, service_ms=100, queue_limit=queue_limit)
    statuses = [one.status for one in recording.requests]
    assert statuses == ["200"] * accepted + ["503"] * (10 - accepted)
    assert [one.latency_s for one in recording.requests[accepted:]] == [
        pytest.approx(BOTH_WAYS_S, abs=CLOSE)
    ] * (10 - accepted)
    assert recording.series[SeriesKey("worker", "rejected_total", "")][-1] == 10 - accepted


def test_a_start_makes_room_in_the_queue() -> None:
    """One in service, one waiting: the next is taken when the first has left, and not before."""
    recording = asked(1.0, 1.1, 1.4, 1.6, 1.7, workers=1, service_ms=500, queue_limit=1)
    assert [one.status for one in recording.requests] == ["200", "200", "503", "200", "503"]
    done = [one.answered_s for one in recording.requests if one.good]
    first_s = 1 + 0.5 + BOTH_WAYS_S
    assert done == [pytest.approx(first_s + 0.5 * number, abs=CLOSE) for number in range(3)]


def test_who_has_stopped_waiting_keeps_a_place_in_the_queue() -> None:
    """The worker does not know, and rejects others for the sake of those who have left."""
    recording = asked(1.0, 1.0, 1.2, workers=1, service_ms=500, queue_limit=1, timeout_ms=100)
    assert [one.status for one in recording.requests] == ["timeout", "timeout", "503"]


def test_a_worker_without_a_limit_has_no_count_of_rejected_requests() -> None:
    """A metric that can only be zero says nothing."""
    series = burst(1).series
    assert not [key for key in series if key.metric == "rejected_total"]


@pytest.mark.parametrize("spread", Spread)
def test_drawn_times_are_served_in_the_order_of_arrival(spread: Spread) -> None:
    """One slot: each answer comes one draw after the one before, whoever was rejected between."""
    times_s = (*(1.0,) * 5, *(5.0,) * 5)
    recording = asked(*times_s, workers=1, spread=spread, queue_limit=3)
    rng = random.Random("0/worker/service")
    wanted = []
    for at_s in (1 + BOTH_WAYS_S, 5 + 2 * DELAY_S):
        done_s = at_s
        for _ in range(4):
            done_s += spread.draw_s(rng, 0.04)
            wanted.append(pytest.approx(done_s, abs=CLOSE))
    assert [one.answered_s for one in recording.requests if one.good] == wanted


def test_a_fixed_time_draws_nothing() -> None:
    """What else the service draws stays the same."""
    rng = random.Random(1)
    assert Spread.FIXED.draw_s(rng, 0.04) == 0.04
    assert rng.getstate() == random.Random(1).getstate()


@pytest.mark.parametrize(
    ("spread", "variation"),
    [(Spread.FIXED, 0), (Spread.EXPONENTIAL, 1), (Spread.MIXED, 2.25)],
)
def test_spreads_have_one_mean_and_differ_in_variance(spread: Spread, variation: float) -> None:
    """The variance, in squares of the mean, is what makes the queue longer."""
    rng = random.Random(1)
    draws_s = [spread.draw_s(rng, 0.04) for _ in range(100_000)]
    assert statistics.fmean(draws_s) == pytest.approx(0.04, rel=0.02)
    assert statistics.pvariance(draws_s) / 0.04**2 == pytest.approx(variation, rel=0.04)


def test_exponential_times_are_whole_nanoseconds() -> None:
    """A logarithm's last bit, in which C libraries differ, does not show."""
    rng = random.Random(1)
    draws_s = [Spread.EXPONENTIAL.draw_s(rng, 0.04) for _ in range(1000)]
    assert draws_s == [round(draw_s, 9) for draw_s in draws_s]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"workers": 0}, "workers is 0; it must be at least 1"),
        ({"service_ms": -1}, "service_ms is -1; it must be at least 0"),
        ({"queue_limit": -2}, "queue_limit is -2; it must be at least -1"),
        ({"spread": "wide"}, "spread is 'wide'; it may be fixed, exponential, mixed"),
    ],
)
def test_impossible_settings_are_refused(values: dict[str, str | int], words: str) -> None:
    """With the bound, or with what there is."""
    with pytest.raises(SettingError, match=words):
        settings_of(load("services.worker"), values)


def test_by_default_times_are_fixed_and_the_queue_has_no_limit() -> None:
    """As a lab that says nothing of either expects."""
    settings = worker.Settings()
    assert (settings.spread, settings.queue_limit) == (Spread.FIXED, -1)


def test_a_worker_that_becomes_slow_serves_later_arrivals_so() -> None:
    """What has arrived before is served as it was planned; when the change is over, as at first."""
    host = Service("worker", app="services.worker", settings={"workers": 1, "service_ms": 500})
    load = At(to="worker", times_s=(1.9, 2.2, 6.0), timeout_ms=60_000)
    faults = (during(2, 5, Configure("worker", service_ms=1500)),)
    requests = run(lab(host, load=load), conductor(faults, 10)).requests
    assert [one.answered_s for one in requests] == [
        pytest.approx(at_s, abs=0.01) for at_s in (1.9 + 0.5, 2.4 + 1.5, 6.0 + 0.5)
    ]


def test_a_share_of_the_requests_is_slow() -> None:
    """Drawn for each, and the others take what they did; without a share nothing is drawn."""
    times_s = [0.02 * number for number in range(1, 401)]
    made = asked(*times_s, workers=50, service_ms=40, slow_ratio=0.2, slow_ms=400)
    latencies = [one.latency_s for one in made.requests]
    slow = [one for one in latencies if one > 0.2]
    assert len(slow) == pytest.approx(80, abs=32)
    assert statistics.median(slow) == pytest.approx(0.4 + BOTH_WAYS_S, abs=0.01)
    assert statistics.median(latencies) == pytest.approx(0.04 + BOTH_WAYS_S, abs=0.01)
    plain = asked(*times_s[:40], spread="exponential")
    assert plain.digest() == asked(*times_s[:40], spread="exponential", slow_ms=400).digest()
