"""Coordinator and registers: which write is held, and whether its writer is told."""

import pytest

from harness.conductor import conductor
from harness.model import ClockSkew, Down, Paced, Send, Service, during
from harness.model.fault import Timed
from harness.recording import Recording, Request
from tests.support import lab, run

WRITE = "/kv/x?value={number}"


def written(
    *sends: Send,
    faults: tuple[Timed, ...] = (),
    rate_rps: float = 20,
    duration_s: float = 10,
    **settings: str | float,
) -> Recording:
    """Write to one register by two coordinators, the second of which may be ahead."""
    names = ("slow", "ahead")
    value = lab(
        *(
            Service(name, app="services.coordinator", calls=("registers",), settings=settings)
            for name in names
        ),
        Service("registers", app="services.registers"),
        load=Paced(
            to="slow",
            rate_rps=rate_rps,
            keep_answers=True,
            mix=sends or tuple(Send(to=name, method="PUT", path=WRITE) for name in names),
        ),
        duration_s=duration_s,
        faults=faults,
    )
    return run(value, conductor(faults, duration_s))


def lost(recording: Recording) -> list[Request]:
    return [one for one in recording.requests if int(one.answer) < one.number]


def calls(recording: Recording) -> int:
    return sum(span.kind == "client" for span in recording.spans)


AHEAD = (during(3, 6, ClockSkew("ahead", skew_s=2)),)


def test_with_right_clocks_the_last_write_is_held() -> None:
    """Each answer is the write's own number: nothing is lost."""
    recording = written()
    assert [int(one.answer) for one in recording.requests] == [
        one.number for one in recording.requests
    ]


def test_by_the_wall_clock_the_one_who_is_ahead_wins() -> None:
    """The other's writes are acknowledged and gone, until the right time has come that far."""
    recording = written(faults=AHEAD)
    gone = lost(recording)
    assert {one.status for one in gone} == {"200"}
    assert {one.to for one in gone if one.intended_s < 6} == {"slow"}
    assert {one.to for one in gone if one.intended_s > 6} == {"slow", "ahead"}
    assert min(one.intended_s for one in gone) > 3
    assert 7.5 < max(one.intended_s for one in gone) < 8


def test_by_a_hybrid_clock_nobody_loses() -> None:
    """Who finds a later stamp takes note of it, and writes again above it."""
    recording = written(faults=AHEAD, order="hybrid")
    assert lost(recording) == []
    assert {one.status for one in recording.requests} == {"200"}
    assert calls(recording) > calls(written(order="hybrid"))


def test_versions_need_no_clock() -> None:
    """A read for each write, skewed or not."""
    recording = written(faults=AHEAD, order="version")
    assert lost(recording) == []
    assert calls(recording) == 2 * len(recording.requests)


def test_versions_let_one_of_two_simultaneous_writers_try_again() -> None:
    """Both have read the same version; with one try the second is told 409."""
    burst = (Send(to="slow", method="PUT", path=WRITE), Send(to="ahead", method="PUT", path=WRITE))
    once = written(*burst, rate_rps=2000, duration_s=1, order="version", tries=1)
    statuses = {one.status for one in once.requests}
    assert statuses == {"200", "409"}
    assert all(one.status != "409" or int(one.answer) != one.number for one in once.requests)


@pytest.mark.parametrize(("skew_s", "leeway_ms", "status"), [
    (0.9, 0, "200"), (1.5, 0, "401"), (1.5, 1000, "200"), (2.5, 1000, "401"), (-5, 0, "200"),
])  # fmt: skip
def test_a_token_is_good_for_its_time_by_the_clock_of_who_checks(
    skew_s: float, leeway_ms: float, status: str
) -> None:
    """A second and the leeway: a clock further ahead refuses every token; one behind none."""
    fault = during(2, 8, ClockSkew("ahead", skew_s=skew_s))
    recording = written(Send(to="ahead", path="/token"), faults=(fault,), leeway_ms=leeway_ms)
    assert {one.status for one in recording.between(3, 7)} == {status}


def test_registers_that_are_away_are_a_502() -> None:
    """For writes and tokens alike."""
    fault = during(2, 8, Down("slow->registers"))
    sends = (Send(method="PUT", path=WRITE), Send(path="/token"))
    recording = written(*sends, faults=(fault,))
    assert {one.status for one in recording.between(3, 7)} == {"502"}
