"""Stage: what becomes of a message that finds a queue full, and how far back that reaches."""

import pytest

from harness.conductor import conductor
from harness.model import Configure, Down, Paced, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

STAGE = "labs.resilience.backpressure.service"
FIRST, LAST = {"work_ms": 5}, {"work_ms": 100}
"""The last one does ten a second."""


def sent(
    rate_rps: float,
    *faults: Timed,
    end_s: float = 10,
    first: dict[str, Setting] | None = None,
    last: dict[str, Setting] | None = None,
) -> Recording:
    value = lab(
        Service("first", app=STAGE, calls=("last",), settings={**FIRST, **(first or {})}),
        Service("last", app=STAGE, settings={**LAST, **(last or {})}),
        load=Paced(to="first", rate_rps=rate_rps, end_s=end_s),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def samples(made: Recording, host: str, metric: str) -> list[float]:
    return next(
        values for key, values in made.series.items() if (key.host, key.metric) == (host, metric)
    )


def statuses(made: Recording, start_s: float, end_s: float) -> set[str]:
    return {one.status for one in made.due(start_s, end_s)}


def test_what_can_be_done_is_done_and_new() -> None:
    """Five a second, each for a tenth of a second."""
    made = sent(5)
    assert samples(made, "last", "written_total")[9] == pytest.approx(44, abs=1)
    assert max(samples(made, "last", "age_seconds")[1:9]) < 0.13


def test_without_a_limit_all_are_taken_and_wait() -> None:
    """Twenty a second for five seconds: 50 are left, and are then done."""
    made = sent(20, end_s=5)
    assert statuses(made, 0, 5) == {"202"}
    assert samples(made, "last", "messages_inside")[5] == pytest.approx(50, abs=3)
    assert samples(made, "last", "written_total")[9] == pytest.approx(90, abs=2)
    assert samples(made, "last", "age_seconds")[9] > 4


def test_a_bound_behind_moves_the_queue_to_the_stage_before() -> None:
    """It is as long there."""
    made = sent(20, end_s=5, last={"queue": 3})
    assert statuses(made, 0, 5) == {"202"}
    assert samples(made, "last", "messages_inside")[5] == pytest.approx(4, abs=1)
    assert samples(made, "first", "messages_inside")[5] == pytest.approx(46, abs=3)


def test_bounds_all_the_way_reach_the_sender() -> None:
    """Half of the messages are refused, and what is done was sent a second ago."""
    made = sent(20, first={"queue": 3, "when_full": "refuse"}, last={"queue": 3})
    told = [one.status for one in made.due(3, 9)]
    assert set(told) == {"202", "429"}
    assert told.count("202") == pytest.approx(60, abs=2)
    assert max(samples(made, "last", "age_seconds")[3:9]) < 0.9


def test_a_sender_that_is_let_wait_is_told_yes_when_there_is_room() -> None:
    """After half a second the first five of twenty wait, and each longer than the last."""
    made = sent(20, end_s=2, first={"queue": 3}, last={"queue": 3})
    assert statuses(made, 0, 2) == {"202"}
    waits_s = [one.latency_s for one in made.due(1, 2)]
    assert waits_s == sorted(waits_s)
    assert waits_s[-1] == pytest.approx(1.2, abs=0.15)


def test_the_oldest_is_dropped_for_the_newest() -> None:
    """Nobody hears of it; it is counted."""
    made = sent(20, first={"queue": 3, "when_full": "drop-oldest"}, last={"queue": 3})
    assert statuses(made, 0, 9) == {"202"}
    assert samples(made, "first", "dropped_total")[9] == pytest.approx(82, abs=4)
    assert max(samples(made, "last", "age_seconds")[3:9]) < 0.9
    assert samples(made, "first", "messages_inside")[9] == pytest.approx(4, abs=1)


def test_what_the_next_stage_refuses_or_does_not_get_is_handed_on_again() -> None:
    """Nothing is lost while it is away or full, and the order is that of the senders."""
    away = during(2, 4, Down("first->last"))
    made = sent(5, away, last={"queue": 1, "when_full": "refuse"})
    assert statuses(made, 0, 9) == {"202"}
    assert samples(made, "first", "messages_inside")[4] == pytest.approx(11, abs=2)
    assert samples(made, "last", "written_total")[9] == pytest.approx(44, abs=2)


def test_how_long_the_work_takes_and_what_is_refused_are_live() -> None:
    """For the messages that come from then on."""
    slower = during(3, 6, Configure("last", work_ms=400))
    made = sent(5, slower, first={"queue": 1, "when_full": "refuse"}, last={"queue": 1})
    assert statuses(made, 0, 3) == {"202"}
    assert "429" in statuses(made, 4, 6)


@pytest.mark.parametrize("wrong", [{"work_ms": -1}, {"queue": -1}, {"when_full": "burst"}])
def test_a_stage_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(STAGE), wrong)
