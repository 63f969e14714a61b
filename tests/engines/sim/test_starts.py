"""Starts of processes as a recording knows them: a counter that begins again need not show it."""

import math
from itertools import pairwise

import pytest

from harness.conductor import conductor
from harness.engines.sim.process import EPOCH_S
from harness.model import Kill, Pause, Service, during
from harness.model.fault import Timed
from harness.recording import Recording, SeriesKey
from tests.support import At, lab, run

STARTED = SeriesKey("app", "process_start_time_seconds", "")
COUNTED = SeriesKey("app", "requests_total", 'status="200"')


def recorded(*faults: Timed) -> Recording:
    """Serve 100 requests a second from 0.9 to 4 s."""
    value = lab(
        Service("app", app="services.worker", settings={"service_ms": 1, "workers": 4}),
        load=At(to="app", times_s=tuple(0.9 + number / 100 for number in range(310))),
        duration_s=4,
        faults=faults,
    )
    return run(value, conductor(value.faults, value.duration_s))


def starts(recording: Recording) -> int:
    """Count the starts that lie between two samples."""
    known = [value for value in recording.series[STARTED] if not math.isnan(value)]
    return sum(before != after for before, after in pairwise(known))


def test_a_process_tells_when_it_started() -> None:
    """By its wall clock, in every sample; hosts start before the load does."""
    values = recorded().series[STARTED]
    assert len(values) == 5
    assert len(set(values)) == 1
    assert values[0] == pytest.approx(EPOCH_S, abs=1)


def test_a_start_between_two_samples_is_seen_though_no_counter_has_fallen() -> None:
    """Killed at 1.05 s and up at 1.15 s, the new process has counted more by the next sample."""
    recording = recorded(during(1.05, 1.15, Kill("app")))
    before, after = recording.series[COUNTED][1:3]
    assert after > before
    assert starts(recording) == 1
    assert recording.series[STARTED][2] == pytest.approx(EPOCH_S + 1.15, abs=0.01)


def test_a_start_is_seen_over_samples_that_are_missing() -> None:
    """A host that is down at a sample has no value there, and another afterwards."""
    recording = recorded(during(0.95, 2.05, Kill("app")))
    values = recording.series[STARTED]
    assert [math.isnan(value) for value in values] == [False, True, True, False, False]
    assert starts(recording) == 1


def test_a_pause_is_no_start() -> None:
    """The process that answers again is the one that was there."""
    assert starts(recorded(during(0.95, 2.05, Pause("app")))) == 0


def test_two_starts_between_samples_are_one_that_is_known() -> None:
    """What the process between them has counted is lost, as before any scrape."""
    recording = recorded(during(1.05, 1.15, Kill("app")), during(1.3, 1.4, Kill("app")))
    assert starts(recording) == 1
    assert recording.series[STARTED][2] == pytest.approx(EPOCH_S + 1.4, abs=0.01)
