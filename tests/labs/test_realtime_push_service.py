"""Hub and people: who hears what, when, and who notices that the other is gone."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.model import Paced, Pause, Send, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "labs.traffic.realtime_push"
PEOPLE = 4
STYLES = ("polling", "long-polling", "events", "socket")
BEATS: dict[str, Setting] = {"style": "events", "silence_ms": 1500}


def heard(*faults: Timed, hub: dict[str, Setting] | None = None, **settings: Setting) -> Recording:
    """Send a message a second to one of four people after the other."""
    value = lab(
        Service(
            "people",
            app=f"{PART}.service_people",
            calls=("hub",),
            settings={"people": PEOPLE, "poll_ms": 1000, "wait_ms": 2000, **settings},
        ),
        Service("hub", app=f"{PART}.service_hub", settings=hub or {}),
        load=Paced(
            to="hub",
            rate_rps=1,
            end_s=16,
            mix=(Send(path="/people/{number}/messages", method="POST"),),
        ),
        duration_s=20,
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def last(made: Recording, metric: str) -> float:
    """Give the last sample of a metric, 0 where there is none."""
    found = [values for key, values in made.series.items() if key.metric == metric]
    return found[0][-1] if found else 0


def at(made: Recording, metric: str, second: int) -> float:
    return next(values[second] for key, values in made.series.items() if key.metric == metric)


@pytest.mark.parametrize("style", STYLES)
def test_everybody_hears_every_message_once(style: str) -> None:
    """Of those to the four who are there: numbers 0 to 3 are theirs."""
    made = heard(style=style)
    assert made.notes == []
    assert last(made, "heard_total") == last(made, "written_total") == PEOPLE


@pytest.mark.parametrize("style", STYLES[1:])
def test_who_is_connected_hears_at_once(style: str) -> None:
    """The last two messages come when all are connected; a poll is up to a second late."""
    made = heard(style=style)
    late_s = at(made, "heard_seconds_total", 6) - at(made, "heard_seconds_total", 2)
    assert late_s < 0.05


def test_a_poll_hears_up_to_a_period_later() -> None:
    """And so not at once."""
    made = heard(style="polling")
    assert 0.05 < last(made, "heard_seconds_total") < PEOPLE


@pytest.mark.parametrize(
    ("style", "fewest", "most"),
    [("polling", 17, 20), ("long-polling", 8, 12), ("events", 1, 1), ("socket", 1, 1)],
)
def test_what_an_idle_program_asks_for(style: str, fewest: int, most: int) -> None:
    """A request each second, one in two seconds and for each message, or one for ever."""
    assert fewest <= last(heard(style=style), "asked_total") / PEOPLE <= most


ASLEEP = during(6, 18, Pause("people"))


@pytest.mark.parametrize(
    ("settings", "hub", "held"),
    [
        ({"style": "events"}, {}, PEOPLE),
        ({"style": "events"}, {"heartbeat_ms": 500}, PEOPLE),
        ({"style": "socket"}, {}, PEOPLE),
        ({"style": "socket"}, {"ping_ms": 1000}, 0),
        ({"style": "long-polling"}, {}, 0),
    ],
)
def test_the_hub_notices_who_must_answer(
    settings: dict[str, Setting], hub: dict[str, Setting], held: int
) -> None:
    """A line that is written needs no answer, a ping does, and a long poll ends by itself."""
    assert at(heard(ASLEEP, hub=hub, **settings), "held", 12) == held


FROZEN = during(6, 12, Pause("hub"))


@pytest.mark.parametrize(
    ("settings", "hub", "trusting"),
    [
        ({"style": "events"}, {}, PEOPLE),
        (BEATS, {"heartbeat_ms": 500}, 0),
        ({"style": "socket"}, {}, PEOPLE),
        ({"style": "polling"}, {}, 0),
        ({"style": "long-polling"}, {}, 0),
    ],
)
def test_people_notice_where_something_must_come(
    settings: dict[str, Setting], hub: dict[str, Setting], trusting: int
) -> None:
    """The hub stands still; a connection without heartbeats looks like one that is idle."""
    assert at(heard(FROZEN, hub=hub, **settings), "trusting", 11) == trusting


def test_who_comes_back_is_told_what_was_missed() -> None:
    """Each message once, also those that came while the hub stood still."""
    made = heard(during(1, 6, Pause("hub")), hub={"heartbeat_ms": 500}, **BEATS)
    assert at(made, "trusting", 18) == PEOPLE
    assert last(made, "heard_total") == PEOPLE


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait_ms=nan", "wait_ms=inf"])
def test_what_is_no_number_is_refused(query: str) -> None:
    """As a bad request, and not as an error of the hub."""
    wrong = Paced(to="hub", rate_rps=2, mix=(Send(path=f"/people/1/messages?{query}"),))
    made = run(lab(Service("hub", app=f"{PART}.service_hub"), load=wrong))
    assert {one.status for one in made.requests} == {"400"}


def test_people_have_one_hub() -> None:
    """It says what to change."""
    people = Service("people", app=f"{PART}.service_people")
    with pytest.raises(LabError, match="calls= must name one service"):
        run(lab(people, load=Paced(to="people", rate_rps=2)))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("service_people", {"style": "pigeon"}),
        ("service_people", {"poll_ms": 0}),
        ("service_people", {"silence_ms": -1}),
        ("service_people", {"again_ms": 0}),
        ("service_hub", {"ping_ms": -1}),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(f"{PART}.{name}"), wrong)
