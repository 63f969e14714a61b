"""Fleet under a controller: what it orders, when that takes effect, and who waits meanwhile."""

from collections.abc import Mapping
from statistics import fmean

import pytest

from harness.conductor import conductor
from harness.model import Configure, Paced, Pause, Service, Surge, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

FLEET = "labs.cascades.feedback_oscillation.service"
OWN: Mapping[str, Setting] = {
    "machines": 4, "least": 1, "most": 20, "service_ms": 100, "target": 0.5, "look_ms": 1000,
    "lag_ms": 1500, "tolerance": 0,
}  # fmt: skip


def served(rate_rps: float, /, *faults: Timed, times: float = 1, **settings: Setting) -> Recording:
    """Run ten seconds; the load is `times` as high from second 4 on."""
    value = lab(
        Service("fleet", app=FLEET, settings={**OWN, **settings}),
        load=Paced(
            to="fleet",
            rate_rps=rate_rps,
            phases=(Surge(start_s=4, end_s=10, times=times),),
        ),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def gauge(made: Recording, name: str) -> list[float]:
    """Give a gauge's samples."""
    return next(values for key, values in made.series.items() if key.metric == name)


def ready(made: Recording) -> list[float]:
    """Give how many machines serve, from second to second."""
    return gauge(made, "machines_ready")


def test_what_is_missing_is_ordered_and_comes_a_lag_later() -> None:
    """20/s of 0.1 s at 50 % are 4 machines, 40/s are 8: seen at 5 s, there at 6.5 s."""
    made = served(20, times=2, counts_ordered=True)
    assert ready(made)[1:7] == [4, 4, 4, 4, 4, 4]
    assert ready(made)[7] == 8
    assert gauge(made, "machines")[6] == 8, "what is ordered will cost"


def test_what_is_on_its_way_is_ordered_again_unless_it_counts() -> None:
    """Another four at second 6, for the first four are not there; the next look sees too many."""
    assert ready(served(20, times=2))[8] == 12
    counted = ready(served(20, times=2, counts_ordered=True))
    assert counted[7:] == [8, 8, 8, 8]


def test_a_gain_orders_a_share_in_whole_machines() -> None:
    """0.3 of 4 is 1; a loop that corrects nothing stays as it is."""
    assert ready(served(20, times=2, gain=0.3))[7] == 5
    assert ready(served(20, times=2, gain=0))[10] == 4


def test_an_average_sees_a_change_late() -> None:
    """Over four looks, the first that sees four missing machines takes them for one."""
    assert ready(served(20, times=2, averaged=4))[7:9] == [5, 7]


def test_within_its_tolerance_it_leaves_things_as_they_are() -> None:
    """One machine more than four is a quarter."""
    assert ready(served(20, times=1.25, tolerance=0.3))[10] == 4
    assert ready(served(20, times=1.25, tolerance=0.2))[7] == 5


@pytest.mark.parametrize(("bounds", "most"), [({"most": 6}, 6), ({"most": 20}, 20)])
def test_it_stays_within_its_bounds(bounds: dict[str, Setting], most: int) -> None:
    """Whatever the load asks for, and whatever is on its way."""
    assert max(ready(served(20, times=10, **bounds))) == most
    assert min(ready(served(2, least=3))) == 3


def test_what_finds_no_machine_waits_for_one() -> None:
    """Thirty a second on two machines that do twenty, and none more: waits grow."""
    made = served(30, machines=2, most=2)
    assert all(one.latency_s == pytest.approx(0.1, abs=0.02) for one in made.due(0, 0.05))
    waits = [fmean(one.latency_s for one in made.due(at, at + 1) if one.good) for at in (1, 3)]
    assert waits[1] - waits[0] == pytest.approx(1, rel=0.2)
    assert gauge(made, "queue_depth")[4] == pytest.approx(40, abs=3)


def test_a_machine_that_leaves_ends_its_request() -> None:
    """None is lost when four become one."""
    made = served(5, service_ms=1000, target=1, machines=20, least=5)
    assert ready(made)[10] == 5
    assert all(one.good for one in made.due(0, 8))


def test_after_a_freeze_it_goes_on() -> None:
    """What came meanwhile is served, and the controller looks and orders as before."""
    made = served(20, during(1, 2, Pause("fleet")), times=2, counts_ordered=True)
    assert all(one.good for one in made.due(0, 9))
    assert ready(made)[10] == 8


def test_before_the_first_request_it_does_not_look() -> None:
    """A load that begins late is no load that has gone: the machines are there when it comes."""
    value = lab(
        Service("fleet", app=FLEET, settings=OWN),
        load=Paced(to="fleet", rate_rps=20, start_s=5),
    )
    assert set(ready(run(value))) == {4}


def test_what_it_aims_at_is_live() -> None:
    """Half the target, twice the machines."""
    made = served(20, during(4, 9, Configure("fleet", target=0.25)), counts_ordered=True)
    assert ready(made)[8] == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"machines": 21},
        {"machines": 0},
        {"least": 0},
        {"look_ms": 0},
        {"averaged": 0},
        {"service_ms": -1},
        {"lag_ms": -1},
        {"gain": -1},
        {"tolerance": -1},
        {"target": 0},
        {"target": 1.1},
    ],
    ids=str,
)
def test_a_controller_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(FLEET), {**OWN, **wrong})
