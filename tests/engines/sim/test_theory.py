"""The simulation held against queueing theory: exact recursions first, then closed forms.

The waits of neighbours in a queue are alike, so that the standard error of independent draws is
too small for them. Here it comes from batch means: the run is cut into twenty parts, each much
longer than what a queue remembers, and the error is that of the twenty parts' means.
"""

import heapq
import math
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from harness.engines.sim.engine import DELAY_S
from harness.model import Poisson, Service
from harness.recording import Recording, SeriesKey
from services.tracing import Span
from services.worker import Spread
from tests.support import lab, run

SLACK_S = 1e-9
BATCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A worker's settings, the Poisson load on it, and for how long."""

    rate_rps: float
    workers: int
    service_ms: float
    spread: Spread = Spread.FIXED
    queue_limit: int = -1
    duration_s: float = 14  # Less than a pooled connection may rest, which `replay` ignores.

    @property
    def erlangs(self) -> float:
        return self.rate_rps * self.service_ms / 1000

    def run(self) -> Recording:
        settings: dict[str, str | int | float] = {
            "workers": self.workers,
            "service_ms": self.service_ms,
            "spread": self.spread,
            "queue_limit": self.queue_limit,
        }
        one = Service("worker", app="services.worker", settings=settings)
        # The client waits as long as it takes.
        load = Poisson(to="worker", rate_rps=self.rate_rps, timeout_ms=600_000)
        return run(lab(one, load=load, duration_s=self.duration_s))

    def services_s(self) -> Iterator[float]:
        """Draw the run's service times once more, from the generator that the worker has."""
        rng = random.Random("0/worker/service")
        while True:
            yield self.spread.draw_s(rng, self.service_ms / 1000)


def served(recording: Recording) -> list[Span]:
    """Give the worker's spans in the order of arrival."""
    spans = [span for span in recording.spans if span.kind == "server"]
    return sorted(spans, key=lambda span: span.start_s)


def replay(station: Station, arrivals_s: list[float]) -> list[tuple[float, str]]:
    """Compute when each request is answered, and how, from the times at which they are sent.

    Lindley's recursion for a first-come-first-served station, Kiefer and Wolfowitz's for several
    slots, between two legs of the link: there, one delay on a connection that is idle and three
    on one that must first be opened; back, one delay.
    """
    answers = [(math.nan, "")] * len(arrivals_s)
    free_s = [0.0] * station.workers
    inside: list[float] = []
    room = station.workers + station.queue_limit if station.queue_limit >= 0 else math.inf
    services_s = station.services_s()
    idle = 0
    events = [(at_s, 0, number, "") for number, at_s in enumerate(arrivals_s)]
    heapq.heapify(events)
    while events:
        now_s, step, number, status = heapq.heappop(events)
        if step == 0:
            legs = 1 if idle else 3
            idle -= min(idle, 1)
            heapq.heappush(events, (now_s + legs * DELAY_S, 1, number, ""))
        elif step == 1:
            inside = [end_s for end_s in inside if end_s > now_s]
            if len(inside) < room:
                end_s = max(now_s, free_s[0]) + next(services_s)
                heapq.heapreplace(free_s, end_s)
                inside.append(end_s)
                heapq.heappush(events, (end_s + DELAY_S, 2, number, "200"))
            else:
                heapq.heappush(events, (now_s + DELAY_S, 2, number, "503"))
        else:
            idle += 1
            answers[number] = now_s, status
    return answers


def assert_replayed(station: Station, recording: Recording) -> None:
    """Check each answer against the recursion, to a nanosecond."""
    answers = replay(station, [one.intended_s for one in recording.requests])
    assert [one.status for one in recording.requests] == [status for _, status in answers]
    errors_s = [
        abs(one.answered_s - answered_s)
        for one, (answered_s, _) in zip(recording.requests, answers, strict=True)
    ]
    assert max(errors_s) < SLACK_S


def waits_of(station: Station, recording: Recording) -> list[float]:
    """Give the time that each served request waited for a slot, in the order of arrival."""
    spans = [span for span in served(recording) if span.status == "200"]
    return [
        span.end_s - span.start_s - service_s
        for span, service_s in zip(spans, station.services_s(), strict=False)
    ]


def assert_mean(values: Sequence[float], wanted: float) -> None:
    """Check a mean within three standard errors of batch means, which must be under a tenth."""
    size = len(values) // BATCHES
    means = [statistics.fmean(values[at : at + size]) for at in range(0, BATCHES * size, size)]
    error = statistics.stdev(means) / math.sqrt(BATCHES)
    assert len(values) > 20_000
    assert abs(statistics.fmean(values) - wanted) < 3 * error
    assert error < wanted / 10


@pytest.mark.parametrize(
    "station",
    [
        Station(workers=1, service_ms=10, rate_rps=80),
        Station(workers=4, service_ms=40, rate_rps=95),
        Station(workers=3, service_ms=25, rate_rps=30, spread=Spread.MIXED),
        Station(workers=10, service_ms=50, rate_rps=160, spread=Spread.EXPONENTIAL),
        Station(workers=1, service_ms=10, rate_rps=120, spread=Spread.MIXED, queue_limit=9),
        Station(workers=4, service_ms=40, rate_rps=95, queue_limit=2),
    ],
)
def test_every_answer_comes_when_the_recursion_says(station: Station) -> None:
    """Busy, idle, overloaded, with a bounded queue: each of some thousand answers."""
    recording = station.run()
    assert_replayed(station, recording)
    if station.queue_limit >= 0:
        assert {one.status for one in recording.requests} == {"200", "503"}


@pytest.mark.parametrize(
    ("spread", "second_moment"),
    [(Spread.FIXED, 1), (Spread.EXPONENTIAL, 2), (Spread.MIXED, 0.9 * 0.5**2 + 0.1 * 5.5**2)],
    ids=["M/D/1", "M/M/1", "M/G/1"],
)
def test_the_mean_wait_is_pollaczek_and_khinchines(spread: Spread, second_moment: float) -> None:
    """One slot: Wq = rSE / 2(1 - r), where ES² is the second moment; a share r finds it busy."""
    station = Station(workers=1, service_ms=0.35, rate_rps=1500, spread=spread)
    recording = station.run()
    assert_replayed(station, recording)
    waits_s = waits_of(station, recording)
    assert min(waits_s) > -SLACK_S
    busy, service_s = station.erlangs, station.service_ms / 1000
    assert_mean(waits_s, busy * service_s * second_moment / (2 * (1 - busy)))
    assert_mean([wait_s > SLACK_S for wait_s in waits_s], busy)


def erlang_b(slots: int, erlangs: float) -> float:
    """Give the share that finds every slot busy and leaves (Erlang, 1917)."""
    share = 1.0
    for slot in range(1, slots + 1):
        share = erlangs * share / (slot + erlangs * share)
    return share


def erlang_c(slots: int, erlangs: float) -> float:
    """Give the share that finds every slot busy and waits (Erlang, 1917)."""
    lost = erlang_b(slots, erlangs)
    return lost / (1 - erlangs / slots * (1 - lost))


def test_the_formulas_give_the_published_figures() -> None:
    """At half load 13 % wait for five slots and 3.6 % for ten (Brooker, 2020)."""
    assert erlang_c(5, 2.5) == pytest.approx(0.130, abs=5e-4)
    assert erlang_c(10, 5) == pytest.approx(0.036, abs=5e-4)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_b(5, 3) == pytest.approx(0.110, abs=5e-4)
    assert erlang_b(10, 10) == pytest.approx(0.215, abs=5e-4)


def test_who_waits_and_how_long_is_erlangs_c() -> None:
    """M/M/c: a share C waits for a slot, and the mean wait is C / (cμ - λ)."""
    station = Station(workers=5, service_ms=2, rate_rps=1500, spread=Spread.EXPONENTIAL)
    recording = station.run()
    assert_replayed(station, recording)
    waits_s = waits_of(station, recording)
    share = erlang_c(station.workers, station.erlangs)
    assert_mean([wait_s > SLACK_S for wait_s in waits_s], share)
    capacity_rps = 1000 * station.workers / station.service_ms
    assert_mean(waits_s, share / (capacity_rps - station.rate_rps))


def test_who_is_rejected_without_a_queue_is_erlangs_b() -> None:
    """M/M/c/c: a share B finds every slot busy, and nobody waits."""
    station = Station(
        workers=5, service_ms=2, rate_rps=1500, spread=Spread.EXPONENTIAL, queue_limit=0
    )
    recording = station.run()
    assert_replayed(station, recording)
    assert max(waits_of(station, recording)) < SLACK_S
    share = erlang_b(station.workers, station.erlangs)
    assert_mean([span.status == "503" for span in served(recording)], share)


def in_system(spans: list[Span]) -> Iterator[tuple[float, int]]:
    """Give the times at which the number in the system changes, and that number from then on."""
    changes = sorted([(span.start_s, 1) for span in spans] + [(span.end_s, -1) for span in spans])
    number = 0
    for at_s, change in changes:
        number += change
        yield at_s, number


@pytest.mark.parametrize(
    "station",
    [
        Station(workers=4, service_ms=40, rate_rps=90),
        Station(workers=2, service_ms=20, rate_rps=90, spread=Spread.MIXED, queue_limit=3),
    ],
)
def test_littles_law_is_exact_on_a_run_that_drains(station: Station) -> None:
    """L = λW: the time-average of the number in the system is the rate times the mean stay."""
    recording = station.run()
    spans = served(recording)
    steps = list(in_system(spans))
    (first_s, _), (last_s, left) = steps[0], steps[-1]
    assert left == 0
    area = math.fsum(number * (next_s - at_s) for (at_s, number), (next_s, _) in pairwise(steps))
    length_s = last_s - first_s
    answers = replay(station, [one.intended_s for one in recording.requests])
    left_s = math.fsum(answered_s - DELAY_S for answered_s, _ in answers)
    mean_stay_s = (left_s - math.fsum(span.start_s for span in spans)) / len(spans)
    rate_rps = len(spans) / length_s
    assert area / length_s == pytest.approx(rate_rps * mean_stay_s, rel=1e-9)


def test_the_sampled_gauge_is_the_number_in_the_system() -> None:
    """What a scrape reads each second is what the spans say of that instant."""
    recording = Station(workers=4, service_ms=40, rate_rps=90, duration_s=20).run()
    spans = served(recording)
    gauge = recording.series[SeriesKey("worker", "requests_in_flight", "")]
    there = [
        sum(span.start_s <= second < span.end_s for span in spans) for second in range(len(gauge))
    ]
    assert gauge == there
    queue = recording.series[SeriesKey("worker", "queue_depth", "")]
    assert queue == [max(0, number - 4) for number in there]


def test_first_come_is_first_served() -> None:
    """Requests leave one worker in the order in which they came."""
    station = Station(workers=1, service_ms=10, rate_rps=90, spread=Spread.MIXED, duration_s=10)
    ends_s = [span.end_s for span in served(station.run())]
    assert ends_s == sorted(ends_s)
