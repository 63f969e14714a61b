"""A load that is steered: what it sends when, whoever sends or counts it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalogue
from harness.model import Paced, Poisson, Send, Together
from harness.model.send import Arrival
from harness.model.steered_load import EXTRA, SteeredLoad, Tempo

SEED = 5
LASTS_S = 10.0
LOAD = Poisson(rate_rps=20, to="a", keys=9, mix=(Send(path="/{key}"), Send(path="/b", to="b")))
PACES = st.lists(st.tuples(st.integers(0, 99), st.sampled_from([0, 0.3, 1, 4])), max_size=5).map(
    lambda found: [(tenth / 10, times) for tenth, times in sorted(found)]
)


def sent(load: SteeredLoad) -> list[Arrival]:
    found = []
    while (arrival := load.due()) is not None:
        load.take()
        found.append(arrival)
    return found


def steered(paces: list[tuple[float, float]], load: Poisson | Paced = LOAD) -> SteeredLoad:
    made = SteeredLoad(load, SEED, LASTS_S)
    for at_s, times in paces:
        made.pace(at_s, times)
    return made


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_a_load_that_nobody_steers_is_what_was_drawn_for_the_run(slug: str) -> None:
    """Though it is drawn without an end; of every lab, and drawn ahead or not."""
    lab = catalogue.find(slug).lab
    plain, ahead = (SteeredLoad(lab.load, SEED, lab.duration_s) for _ in range(2))
    ahead.draw_ahead()
    drawn = list(lab.load.arrivals(SEED, lab.duration_s))
    assert sent(plain) == drawn
    assert sent(ahead) == drawn


@given(PACES)
def test_paces_known_beforehand_send_what_they_send_when_they_are_changed(
    paces: list[tuple[float, float]],
) -> None:
    """A sender that is behind sends what was due before a change, and at its time."""
    at_once = sent(steered(paces))
    one_by_one, found = SteeredLoad(LOAD, SEED, LASTS_S), []
    for at_s, times in paces:
        found += _before(one_by_one, at_s)
        one_by_one.pace(at_s, times)
    assert at_once == [*found, *sent(one_by_one)]


def _before(load: SteeredLoad, at_s: float) -> list[Arrival]:
    found = []
    while (arrival := load.due()) is not None and arrival.at_s < at_s:
        load.take()
        found.append(arrival)
    return found


@given(PACES, st.integers(1, 5))
def test_processes_share_what_one_would_send(paces: list[tuple[float, float]], size: int) -> None:
    """Each request once, at its time, whatever the paces."""
    found = []
    for index in range(size):
        share = steered(paces)
        share.draw_ahead()
        share.share(index, size)
        found += sent(share)
    assert sorted(found) == sent(steered(paces))


@given(PACES)
def test_numbers_go_on_and_times_ascend(paces: list[tuple[float, float]]) -> None:
    """From 0 on, up to the run's end and not beyond."""
    found = sent(steered(paces))
    assert [one.number for one in found] == [*range(len(found))]
    times = [one.at_s for one in found]
    assert times == sorted(times)
    assert all(0 <= at_s < LASTS_S for at_s in times)


def test_a_tempo_is_told_from_its_moment_on() -> None:
    """What was due before is due as before, also where nothing more is."""
    tempo = Tempo()
    tempo.change(4, 2)
    tempo.change(6, 0)
    assert [tempo.due_s(one) for one in (1, 4, 5, 7.5)] == [1, 4, 4.5, 5.75]
    assert tempo.due_s(8) == math.inf
    tempo.change(9, 0.5)
    assert [tempo.due_s(one) for one in (7.5, 8, 9)] == [5.75, 9, 11]


def test_what_was_due_before_a_change_is_not_due_after_it() -> None:
    """Though its time is rounded to the nanosecond."""
    tempo = Tempo()
    tempo.change(4.0000000008, 0)
    assert 4 < tempo.due_s(4.0000000006) <= 4.0000000008


def test_bursts_are_drawn_apart_from_the_load_and_from_each_other() -> None:
    """Their numbers go on; two loads of one seed draw the same."""
    one, other = SteeredLoad(LOAD, SEED, LASTS_S), SteeredLoad(LOAD, SEED, LASTS_S)
    bursts = [
        [*load.by_hand(at_s, 30, to="", path="", method="")]
        for load in (one, other)
        for at_s in (2, 3)
    ]
    assert bursts[:2] == bursts[2:]
    first, second = bursts[:2]
    assert [arrival.number for arrival in first + second] == [*range(EXTRA, EXTRA + 60)]
    assert {arrival.at_s for arrival in first} == {2}
    assert [arrival.path for arrival in first] != [arrival.path for arrival in second]
    assert sent(one) == list(LOAD.arrivals(SEED, LASTS_S))


@settings(max_examples=20)
@given(st.sampled_from(["", "a", "b"]), st.integers(1, 40))
def test_a_burst_for_a_service_has_its_kinds_of_requests(to: str, count: int) -> None:
    """As many as were asked for, as far as the load has any for it."""
    found = [*steered([]).by_hand(1, count, to=to, path="", method="")]
    assert len(found) == count
    assert all(one.to == to for one in found if to)
    assert all((one.path == "/b") == (one.to == "b") for one in found)


def test_a_search_for_requests_that_no_more_come_ends() -> None:
    """Of a flow that is over; then plain ones are sent."""
    load = Together(of=(Paced(rate_rps=5, to="a"), Paced(rate_rps=5, to="b", path="/x", end_s=1)))
    late = SteeredLoad(load, SEED, LASTS_S)
    found = [*late.by_hand(5, 8, to="b", path="", method="")]
    assert [one.path for one in found] == ["/x"] * 4 + ["/"] * 4
    assert {one.to for one in found} == {"b"}


def test_what_is_given_of_a_burst_is_sent_so() -> None:
    """The rest is drawn."""
    (one,) = steered([]).by_hand(0, 1, to="", path="/p?q", method="PUT")
    assert (one.path, one.method) == ("/p?q", "PUT")
    assert one.to in ("a", "b")
