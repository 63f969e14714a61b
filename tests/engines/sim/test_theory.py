"""The simulation held against queueing theory: exact recursions first, then closed forms."""

import heapq
import math
import statistics
from collections.abc import Iterator
from itertools import pairwise

import pytest

from harness.engines.sim.engine import DELAY_S
from harness.model import Poisson, Service
from harness.model.load import Load
from harness.recording import Recording, SeriesKey
from services.tracing import Span
from tests.support import CLOSE, lab, run

SLACK_S = 1e-9


def station(load: Load, *, workers: int, service_ms: float, duration_s: float) -> Recording:
    """Run a worker under a load, with a client that waits as long as it takes."""
    settings = {"workers": workers, "service_ms": service_ms}
    one = Service("worker", app="services.worker", settings=settings)
    return run(lab(one, load=load, duration_s=duration_s))


def served(recording: Recording) -> list[Span]:
    """Give the worker's spans in the order of arrival."""
    spans = [span for span in recording.spans if span.kind == "server"]
    return sorted(spans, key=lambda span: span.start_s)


def replay(arrivals_s: list[float], workers: int, service_s: float) -> list[float]:
    """Compute when each request is answered, from nothing but the times at which they are sent.

    Kiefer and Wolfowitz's recursion for a first-come-first-served station, between two legs of
    the link: there, one delay on a connection that is idle and three on one that must first be
    opened; back, one delay.
    """
    answered_s = [math.nan] * len(arrivals_s)
    free_s = [0.0] * workers
    idle = 0
    events = [(at_s, 0, number) for number, at_s in enumerate(arrivals_s)]
    heapq.heapify(events)
    while events:
        now_s, step, number = heapq.heappop(events)
        if step == 0:
            legs = 1 if idle else 3
            idle -= min(idle, 1)
            heapq.heappush(events, (now_s + legs * DELAY_S, 1, number))
        elif step == 1:
            end_s = max(now_s, free_s[0]) + service_s
            heapq.heapreplace(free_s, end_s)
            heapq.heappush(events, (end_s + DELAY_S, 2, number))
        else:
            idle += 1
            answered_s[number] = now_s
    return answered_s


@pytest.mark.parametrize(
    ("workers", "service_ms", "rate_rps"), [(1, 10, 80), (4, 40, 95), (3, 25, 30), (10, 50, 160)]
)
def test_every_answer_comes_when_the_recursion_says(
    workers: int, service_ms: float, rate_rps: float
) -> None:
    """M/D/c, replayed from the drawn arrivals: each of some thousand answers, to a nanosecond."""
    load = Poisson(to="worker", rate_rps=rate_rps, timeout_ms=600_000)
    recording = station(load, workers=workers, service_ms=service_ms, duration_s=15)
    wanted = replay([one.intended_s for one in recording.requests], workers, service_ms / 1000)
    errors = [
        abs(one.answered_s - answered_s)
        for one, answered_s in zip(recording.requests, wanted, strict=True)
    ]
    assert max(errors) < SLACK_S
    assert {one.status for one in recording.requests} == {"200"}


def in_system(spans: list[Span]) -> Iterator[tuple[float, int]]:
    """Give the times at which the number in the system changes, and that number from then on."""
    changes = sorted([(span.start_s, 1) for span in spans] + [(span.end_s, -1) for span in spans])
    number = 0
    for at_s, change in changes:
        number += change
        yield at_s, number


def test_littles_law_is_exact_on_a_run_that_drains() -> None:
    """L = λW: the time-average of the number in the system is the rate times the mean stay."""
    load = Poisson(to="worker", rate_rps=90, timeout_ms=600_000)
    recording = station(load, workers=4, service_ms=40, duration_s=20)
    steps = list(in_system(served(recording)))
    (first_s, _), (last_s, left) = steps[0], steps[-1]
    assert left == 0
    area = math.fsum(number * (next_s - at_s) for (at_s, number), (next_s, _) in pairwise(steps))
    length_s = last_s - first_s
    stays_s = replay([one.intended_s for one in recording.requests], 4, 0.04)
    reached_s = math.fsum(span.start_s for span in served(recording))
    mean_stay_s = (math.fsum(stays_s) - len(stays_s) * DELAY_S - reached_s) / len(stays_s)
    rate_rps = len(stays_s) / length_s
    assert area / length_s == pytest.approx(rate_rps * mean_stay_s, rel=1e-9)


def test_the_sampled_gauge_is_the_number_in_the_system() -> None:
    """What a scrape reads each second is what the spans say of that instant."""
    load = Poisson(to="worker", rate_rps=90, timeout_ms=600_000)
    recording = station(load, workers=4, service_ms=40, duration_s=20)
    spans = served(recording)
    gauge = recording.series[SeriesKey("worker", "requests_in_flight", "")]
    there = [
        sum(span.start_s <= second < span.end_s for span in spans) for second in range(len(gauge))
    ]
    assert gauge == there
    queue = recording.series[SeriesKey("worker", "queue_depth", "")]
    assert queue == [max(0, number - 4) for number in there]


def test_the_mean_wait_is_pollaczek_and_khinchines() -> None:
    """M/D/1 at half load: Wq = rS / 2(1 - r), within three standard errors of 20,000 requests."""
    rate_rps, service_s = 50, 0.010
    load = Poisson(to="worker", rate_rps=rate_rps, timeout_ms=600_000)
    recording = station(load, workers=1, service_ms=1000 * service_s, duration_s=410)
    waits_s = [span.end_s - span.start_s - service_s for span in served(recording)]
    assert len(waits_s) > 20_000
    assert min(waits_s) > -CLOSE
    size = len(waits_s) // 40
    batches = [statistics.fmean(waits_s[at : at + size]) for at in range(0, 40 * size, size)]
    error_s = statistics.stdev(batches) / math.sqrt(len(batches))
    load_share = rate_rps * service_s
    wanted_s = load_share * service_s / (2 * (1 - load_share))
    assert abs(statistics.fmean(waits_s) - wanted_s) < 3 * error_s
    assert error_s < wanted_s / 10


def test_first_come_is_first_served() -> None:
    """Requests leave one worker in the order in which they came."""
    load = Poisson(to="worker", rate_rps=90, timeout_ms=600_000)
    recording = station(load, workers=1, service_ms=10, duration_s=10)
    ends_s = [span.end_s for span in served(recording)]
    assert ends_s == sorted(ends_s)
