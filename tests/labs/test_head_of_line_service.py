"""Client: what an answer waits for, by the rule of its connection."""

import pytest

from harness.conductor import conductor
from harness.model import Configure, Down, Paced, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

CLIENT = "labs.traffic.head_of_line.service"
SLOW = during(4.05, 4.15, Configure("server", service_ms=400))
"""So that of ten requests a second one is slow, which is due at 4.1 s."""
LOST = during(4.1, 4.2, Configure("phone", loss_ratio=1))
"""So that one answer is lost, which would be there at 4.12 s."""


def served(*faults: Timed, rate_rps: float = 10, **settings: Setting) -> Recording:
    value = lab(
        Service("phone", app=CLIENT, calls=("server",), settings={"resend_ms": 400, **settings}),
        Service("server", app="services.worker", settings={"workers": 100, "service_ms": 20}),
        load=Paced(to="phone", rate_rps=rate_rps),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def late(made: Recording) -> list[float]:
    """Give when the requests were due that took more than 50 ms."""
    asked = made.between(1, 9)
    assert all(one.good for one in asked)
    return [round(one.intended_s, 1) for one in asked if one.latency_s > 0.05]


def test_in_order_answers_wait_for_a_slow_one() -> None:
    """Those of the next 350 ms."""
    assert late(served(SLOW, rule="in-order")) == [4.1, 4.2, 4.3, 4.4]


@pytest.mark.parametrize("rule", ["together", "streams"])
def test_answers_that_are_sent_when_they_are_there_wait_for_no_slow_one(rule: str) -> None:
    """Only the slow one is late."""
    assert late(served(SLOW, rule=rule)) == [4.1]


@pytest.mark.parametrize("rule", ["in-order", "together"])
def test_all_wait_for_an_answer_that_was_lost(rule: str) -> None:
    """Until it has come again."""
    assert late(served(LOST, rule=rule)) == [4.1, 4.2, 4.3, 4.4]


def test_streams_do_not_wait_for_one_another() -> None:
    """Only the lost one is late."""
    assert late(served(LOST, rule="streams")) == [4.1]


@pytest.mark.parametrize(("rule", "times"), [("together", [4.1, 4.3]), ("one-at-a-time", [4.1])])
def test_with_two_connections(rule: str, times: list[float]) -> None:
    """Every other answer waits, or none where requests take the connection that is free."""
    assert late(served(LOST, rule=rule, connections=2)) == times


def test_one_at_a_time_a_request_waits_for_a_free_connection() -> None:
    """With one connection each waits for the one before, and then takes its own 20 ms."""
    assert late(served(LOST, rule="one-at-a-time")) == [4.1, 4.2, 4.3, 4.4, 4.5]
    made = served(rule="one-at-a-time", rate_rps=60)
    assert len([one for one in made.requests if one.answered_s < 8]) < 8 * 50


def test_how_late_a_lost_answer_comes_is_live() -> None:
    """It is a setting of the path, which may change."""
    slower = during(4, 5, Configure("phone", loss_ratio=1, resend_ms=200))
    made = served(slower, rule="streams")
    times_s = [one.latency_s for one in made.due(4.05, 4.85)]
    assert times_s == pytest.approx([0.22] * len(times_s), abs=0.01)


def test_a_server_that_is_away_is_said() -> None:
    """As an error of the request; the connection goes on, whatever its rule."""
    for rule in ("in-order", "one-at-a-time", "together"):
        made = served(during(3, 5, Down("phone->server")), rule=rule)
        assert {one.status for one in made.due(3.2, 4.8)} == {"502"}
        assert all(one.good for one in made.due(5.2, 9))


@pytest.mark.parametrize("wrong", [{"connections": 0}, {"loss_ratio": 1.1}, {"resend_ms": -1}])
def test_a_client_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(CLIENT), wrong)
