"""Database: how long queries take that run alone, side by side, and in crowds."""

import math
from statistics import fmean

import pytest

from harness.conductor import conductor
from harness.model import Configure, Paced, Pause, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from labs.traffic.connection_pools import service
from services.server import SettingError, load, settings_of
from tests.support import lab, run

DATABASE = "labs.traffic.connection_pools.service"


@pytest.fixture(autouse=True)
def _equal_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every query need the same, so that what it takes can be counted."""
    monkeypatch.setattr(service, "SPREAD", (1, 1))


def served(
    rate_rps: float, /, *faults: Timed, end_s: float = math.inf, **settings: Setting
) -> Recording:
    own = {"cores": 2, "service_ms": 100, "overhead": 0, **settings}
    value = lab(
        Service("database", app=DATABASE, settings=own),
        load=Paced(to="database", rate_rps=rate_rps, end_s=end_s),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def took_ms(made: Recording, start_s: float, end_s: float) -> float:
    return 1000 * fmean(one.latency_s for one in made.due(start_s, end_s) if one.good)


def done(made: Recording) -> list[float]:
    return next(values for key, values in made.series.items() if key.metric == "queries_total")


def running(made: Recording) -> list[float]:
    return next(values for key, values in made.series.items() if key.metric == "queries_running")


def test_while_there_are_cores_a_query_has_one_to_itself() -> None:
    """1.5 run on average, and never three."""
    assert took_ms(served(15), 1, 9) == pytest.approx(100, abs=2)


def test_cores_do_no_more_than_they_can() -> None:
    """Ninety queries of 100 ms take two cores 4.5 s, in whichever order."""
    made = served(30, end_s=3)
    assert done(made)[4] < done(made)[5] == len(made.requests) == pytest.approx(90, abs=1)


def test_each_query_too_many_slows_all() -> None:
    """At 10 % each, the same ninety take much longer: some thirty run at a time at first."""
    made = done(served(30, end_s=3, overhead=0.1))
    assert made[5] < 45
    assert made[9] < 90


def test_work_that_varies_lies_evenly_about_its_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """From half of it to half as much again."""
    monkeypatch.setattr(service, "SPREAD", (0.5, 1.5))
    times_ms = [1000 * one.latency_s for one in served(30, cores=10).due(1, 9) if one.good]
    assert fmean(times_ms) == pytest.approx(100, rel=0.1)
    assert min(times_ms) == pytest.approx(50, abs=5)
    assert max(times_ms) == pytest.approx(150, abs=5)


def test_a_query_that_a_deadline_has_ended_runs_no_more() -> None:
    """Half a second after the last has come, none is left; without a limit they go on."""
    limit: dict[str, Setting] = {"incoming.order": "deadline", "incoming.deadline.budget_ms": 500}
    assert running(served(30, end_s=3, **limit))[4] == 0
    assert running(served(30, end_s=3))[4] > 0


def test_after_a_freeze_it_goes_on() -> None:
    """What ran is done, and what came meanwhile is served."""
    made = served(5, during(3, 5, Pause("database")))
    assert took_ms(made, 8, 9) == pytest.approx(100, abs=2)
    assert all(one.good for one in made.due(1, 8))


def test_what_a_query_needs_is_live() -> None:
    """It changes for those that come later."""
    made = served(4, during(4, 7, Configure("database", service_ms=200)))
    assert took_ms(made, 1, 3.7) == pytest.approx(100, abs=2)
    assert took_ms(made, 4.3, 6.7) == pytest.approx(200, abs=2)


def test_it_says_how_many_run() -> None:
    """Those that have come, and are not done."""
    made = served(30)
    for second in (3, 6, 9):
        assert running(made)[second] + done(made)[second] == pytest.approx(30 * second, abs=1)


@pytest.mark.parametrize("wrong", [{"cores": 0}, {"service_ms": -1}, {"overhead": -0.1}])
def test_a_database_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(DATABASE), wrong)
