"""Crowd: closed and open loops, sessions that are lost and opened again, and the log of it."""

import math
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from harness.conductor import conductor
from harness.measures import latency_ms, success_ratio
from harness.measures.crowds import asked_by, seen_by
from harness.measures.crowds import requests as made
from harness.measures.outcomes import call_latency_ms, calls, outcome_ratio
from harness.model import Configure, Paced, Pause, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

LONG_S = 15

SABOTAGE = {
    "does not wait for the answer": (
        "async with time_limit(self._ctx.settings.timeout_ms), exchange as got:",
        "async with time_limit(1), exchange as got:",
        "test_people_wait_for_answers_and_think",
    ),
    "does not think": (
        "await asyncio.sleep(settings.pauses.draw_s(self._ctx.rng, settings.think_ms))",
        "await asyncio.sleep(0.01)",
        "test_people_wait_for_answers_and_think",
    ),
    "takes an error for an answer": (
        "got.status >= FAILED or ",
        "",
        "test_an_error_of_the_shop_is_tried_again",
    ),
    "never tries again": (
        "attempt >= self._ctx.settings.tries",
        "True",
        "test_tries_are_one_request",
    ),
    "keeps a lost session": (
        "await self._open(lost=True)",
        "pass",
        "test_who_loses_a_session_opens_another_one",
    ),
    "all its requests are one trace": (
        "background(self._ctx.span_ids.next())",
        "background('1' * 16)",
        "test_people_wait_for_answers_and_think",
    ),
    "nobody leaves": (
        "return self._place < self._ctx.settings.people",
        "return True",
        "test_their_number_can_be_changed_while_they_are_there",
    ),
    "nobody comes": (
        "if rate_rps and gap_s <= LOOK_S:",
        "if False:",
        "test_visits_are_counted_and_then_the_session_is_over",
    ),
    "all begin together": (
        "self.ctx.rng.uniform(0, self.ctx.settings.think_ms / 1000)",
        "0",
        "test_people_do_not_come_in_step",
    ),
}


def crowded(*faults: Timed, workers: int = 100, **settings: str | float | bool) -> Recording:
    """Let a crowd visit a worker, 50 ms a request; the load itself asks only the crowd."""
    value = lab(
        Service("fans", app="services.crowd", calls=("shop",), settings=settings),
        Service("shop", app="services.worker", settings={"workers": workers, "service_ms": 50}),
        load=Paced(to="fans", rate_rps=1),
        faults=faults,
        duration_s=LONG_S,
    )
    return run(value, conductor(faults, value.duration_s))


def test_people_wait_for_answers_and_think() -> None:
    """The interactive law: N people, each R + Z for a request, ask N / (R + Z) times a second."""
    recording = crowded(people=20, think_ms=450, pauses="fixed")
    assert made("fans", 3, 8).of(recording) == pytest.approx(20 / 0.5 * 5, rel=0.01)
    assert seen_by("fans", success_ratio(3, 8)).of(recording) == 1
    assert seen_by("fans", latency_ms(0.5, 3, 8)).of(recording) == pytest.approx(50, abs=2)


@given(people=st.integers(1, 30), workers=st.integers(1, 3))
@settings(max_examples=4, deadline=None, phases=(Phase.generate,))
def test_a_closed_loop_never_overloads(people: int, workers: int) -> None:
    """No more requests are under way than people, and its rate is no more than the worker's."""
    recording = crowded(people=people, workers=workers, think_ms=100, timeout_ms=9000)
    requests = asked_by(recording, "fans")
    ends = sorted((one.answered_s, -1) for one in requests)
    events = sorted([*ends, *((one.intended_s, 1) for one in requests)])
    under_way = most = 0
    for _, change in events:
        under_way += change
        most = max(most, under_way)
    assert most <= people
    assert made("fans", 3, 8).of(recording) <= workers / 0.05 * 5 + people


def test_a_frozen_shop_silences_its_people_until_it_is_back() -> None:
    """They wait for it, where a load would have gone on asking."""
    recording = crowded(during(5, 10, Pause("shop")), people=20, think_ms=200, timeout_ms=60_000)
    assert made("fans", 6, 9.9).of(recording) == 0
    assert made("fans", 1, 4.9).of(recording) > 200
    assert seen_by("fans", success_ratio(1, 13)).of(recording) == 1


def test_visitors_come_whatever_happens_and_leave_after_their_visits() -> None:
    """An open loop: as many come while the shop is frozen as before."""
    recording = crowded(
        during(5, 10, Pause("shop")), people=0, arrivals_rps=30, visits=1, timeout_ms=60_000
    )
    before, frozen = (made("fans", start_s, start_s + 4).of(recording) for start_s in (1, 5.5))
    assert before == pytest.approx(120, abs=4 * math.sqrt(120))
    assert frozen == pytest.approx(120, abs=4 * math.sqrt(120))


def test_visits_are_counted_and_then_the_session_is_over() -> None:
    """Three visits for each entrance."""
    recording = crowded(people=0, arrivals_rps=10, visits=3, think_ms=100, enter="/?enter")
    # Those who are in the middle of their session at the window's ends are at most a few.
    entered = calls("shop", 1, 14, route="/?enter").of(recording)
    visited = calls("shop", 1, 14).of(recording) - entered
    assert visited == pytest.approx(3 * entered, abs=30)


def test_who_loses_a_session_opens_another_one() -> None:
    """A storm of entrances follows the freeze; without a failure there is one for each person."""
    calm = crowded(people=20, enter="/?enter")
    assert calls("shop", 0, 15, route="/?enter").of(calm) == 20
    stormy = crowded(during(5, 8, Pause("shop")), people=20, enter="/?enter", timeout_ms=500)
    assert calls("shop", 5, 12, route="/?enter").of(stormy) >= 20
    again = calls("shop", 0, 15, route="/?enter", outcome="2").of(stormy)
    assert 20 < again <= 41


def test_tries_are_one_request() -> None:
    """Three tries each: three calls for a request, and its status is the last one's."""
    failing = crowded(people=5, think_ms=500, tries=3, backoff_ms=20, jitter="none")
    assert calls("shop", 1, 15).of(failing) == made("fans", 1, 15).of(failing)
    stormy = crowded(
        during(0.5, 14, Pause("shop")), people=5, think_ms=500, timeout_ms=200, tries=3,
        backoff_ms=20, jitter="none",
    )  # fmt: skip
    assert outcome_ratio("shop", "abandoned", 3, 12).of(stormy) == 1
    asked = [one for one in asked_by(stormy, "fans") if 3 <= one.intended_s < 12]
    assert {one.status for one in asked} == {"abandoned"}
    assert calls("shop", 3, 12).of(stormy) == pytest.approx(3 * len(asked), abs=15)


def test_decorrelated_pauses_grow_from_the_one_before() -> None:
    """Beyond three times the first: between the tries of a request, and before a new session."""
    tries: dict[str, Setting] = {"tries": 30, "backoff_ms": 50}
    sessions: dict[str, Setting] = {"enter": "/?enter", "reconnect_ms": 50}
    for pauses in (tries, sessions):
        value = lab(
            Service("fans", app="services.crowd", calls=("shop",),
                    settings={"people": 1, "think_ms": 1, "jitter": "decorrelated", **pauses}),
            Service("shop", app="services.worker", settings={"service_ms": 1, "error_ratio": 1}),
            load=Paced(to="fans", rate_rps=1),
        )  # fmt: skip
        spans = [span for span in run(value).spans if span.kind == "client"]
        times = sorted((span.start_s, span.end_s) for span in spans if span.callee == "shop")
        waits = [later - ended for (_, ended), (later, _) in pairwise(times)]
        assert min(waits) >= 0.05
        assert max(waits) > 0.15 + 0.01


def test_an_error_of_the_shop_is_tried_again() -> None:
    """A third fails: with five tries hardly anybody notices."""
    value = lab(
        Service("fans", app="services.crowd", calls=("shop",),
                settings={"people": 20, "think_ms": 200, "tries": 5, "backoff_ms": 1}),
        Service("shop", app="services.worker",
                settings={"workers": 50, "service_ms": 10, "error_ratio": 0.33}),
        load=Paced(to="fans", rate_rps=1),
    )  # fmt: skip
    recording = run(value)
    share = outcome_ratio("shop", "500", 1, 9).of(recording)
    assert share == pytest.approx(0.33, abs=0.1)
    assert seen_by("fans", success_ratio(1, 9)).of(recording) == pytest.approx(
        1 - share**5, abs=0.02
    )


def test_their_number_can_be_changed_while_they_are_there() -> None:
    """Twice as many ask twice as much, and they leave again."""
    recording = crowded(
        during(6, 10, Configure("fans", people=40)), people=20, think_ms=450, pauses="fixed"
    )
    calm, more, after = (
        made("fans", start_s, start_s + 3).of(recording) for start_s in (1, 6.5, 11.5)
    )
    assert more == pytest.approx(2 * calm, rel=0.02)
    assert after == pytest.approx(calm, rel=0.02)


def test_people_do_not_come_in_step() -> None:
    """Pauses of one length would make waves of those who began together."""
    asked = asked_by(crowded(people=50, think_ms=1000, pauses="fixed"), "fans")
    gaps = [later.intended_s - earlier.intended_s for earlier, later in pairwise(asked)]
    assert max(gaps) < 0.25


def test_measures_say_what_was_missing() -> None:
    """A crowd that nobody knows, a route that nobody asks for, a window without a call."""
    recording = crowded(people=1)
    said = seen_by("fan", success_ratio(1, 2)).read(recording).missing
    assert said == "no call of fan in the whole run (did you mean fans?)"
    assert calls("shop", 1, 2, route="/cart").read(recording).missing == (
        "no call to shop for /cart in the whole run"
    )
    empty = crowded(during(0.01, 14, Pause("shop")), people=1, timeout_ms=60_000)
    assert "was answered" in call_latency_ms("shop", 0.5, 6, 7).read(empty).missing


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tries": 0}, "tries is 0; it must be at least 1"),
        ({"people": -1}, "people is -1"),
        ({"arrivals_rps": 5.0}, "visits is 0: people who come"),
        ({"path": "/{who}"}, "path is '/{who}'; it may have"),
        ({"enter": "login"}, "enter is 'login'; a path begins with a slash"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    """In one line."""
    with pytest.raises(SettingError, match=said.replace("{", "[{]")):
        settings_of(load("services.crowd"), given)
