"""Office: who waits for whom, behind one line and behind several."""

from itertools import pairwise
from statistics import fmean

import pytest

from harness.conductor import conductor
from harness.model import Configure, Paced, Poisson, Service, during
from harness.model.fault import Setting, Timed
from harness.model.load import Load
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

OFFICE = "labs.traffic.queueing_models.service"
CROWD = Poisson(to="office", rate_rps=40)


def served(arrivals: Load, *faults: Timed, **settings: Setting) -> Recording:
    """Send people to an office whose work is equal, unless a setting says otherwise."""
    own = {"spread": "fixed", "service_ms": 50, **settings}
    value = lab(Service("office", app=OFFICE, settings=own), load=arrivals, faults=faults)
    return run(value, conductor(faults, value.duration_s))


def waits_ms(recording: Recording, work_ms: float = 50) -> list[float]:
    return [1000 * one.latency_s - work_ms for one in recording.requests if one.good]


def totals(recording: Recording) -> dict[str, float]:
    return {key.metric: values[-1] for key, values in recording.series.items()}


def test_one_desk_serves_one_after_the_other() -> None:
    """Twenty a second come for 60 ms each: each waits for 10 ms more than the one before."""
    made = served(Paced(to="office", rate_rps=20), desks=1, lines=1, service_ms=60)
    waits = waits_ms(made, work_ms=60)
    assert [later - one for one, later in pairwise(waits[5:])] == pytest.approx(
        [10] * (len(waits) - 6), abs=0.1
    )


def test_four_desks_serve_four_at_a_time() -> None:
    """Nobody waits behind one line, where a fifth comes when the first has gone."""
    made = served(Paced(to="office", rate_rps=79), desks=4, lines=1)
    assert max(waits_ms(made)) < 2


def test_who_has_joined_a_line_stays_in_it() -> None:
    """Lines that are picked at random make people wait while other desks are idle."""
    made = served(Paced(to="office", rate_rps=40), desks=4, lines=4)
    assert max(waits_ms(made)) > 25


def test_turns_are_as_good_as_one_line_where_all_work_is_equal() -> None:
    """The desk whose turn it is is the one that is free first."""
    turns = served(CROWD, desks=4, lines=4, in_turn=True)
    one = served(CROWD, desks=4, lines=1)
    assert waits_ms(turns) == pytest.approx(waits_ms(one), abs=0.1)
    assert max(waits_ms(one)) > 5


def test_lines_do_not_change_the_work() -> None:
    """People bring the same at one seed, so that lines can be compared; here nobody waits."""
    few = Poisson(to="office", rate_rps=10)
    one, many = (
        served(few, desks=1000, lines=lines, spread="mixed", service_ms=20) for lines in (1, 1000)
    )
    assert waits_ms(one, work_ms=0) == pytest.approx(waits_ms(many, work_ms=0), abs=0.1)
    assert {round(work, -1) for work in waits_ms(one, work_ms=0)} == {10, 110}


def test_it_counts_people_and_their_waits() -> None:
    """As the people see them."""
    made = served(CROWD, desks=4, lines=4)
    told = totals(made)
    assert told["came_total"] == pytest.approx(len(made.requests), abs=2)
    mean_ms = 1000 * told["waited_seconds_total"] / told["came_total"]
    assert mean_ms == pytest.approx(fmean(waits_ms(made)), abs=1)


def test_a_change_of_the_work_hits_who_comes_later() -> None:
    """It is live."""
    slow = during(5, 8, Configure("office", service_ms=90))
    made = served(Paced(to="office", rate_rps=10), slow, desks=4, lines=1)
    during_ms = [1000 * one.latency_s for one in made.due(5.5, 7.5)]
    after_ms = [1000 * one.latency_s for one in made.due(8.5, 9.5)]
    assert fmean(during_ms) == pytest.approx(90, abs=2)
    assert fmean(after_ms) == pytest.approx(50, abs=2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"desks": 4, "lines": 3}, "desks is 4, lines is 3; give each line as many desks"),
        ({"desks": 0}, "desks"),
        ({"lines": 0}, "lines"),
        ({"service_ms": -1}, "service_ms"),
    ],
)
def test_an_office_that_cannot_be_is_refused(wrong: dict[str, Setting], said: str) -> None:
    """In a line that says what to do."""
    with pytest.raises(SettingError, match=said):
        settings_of(load(OFFICE), wrong)
