"""The engine in a tab: sessions side by side, and the same run as anywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness import catalogue
from harness.conductor import conducted
from harness.engines.protocol import Plan, Unwatched
from harness.engines.sim.engine import SimEngine
from harness.site.tab import MOST_SESSIONS, Packed, Tab

LAB = "config-push"
PACKED = Packed(LAB, "Title", "labs.delivery.config_push.lab")


class Page:
    """Hears what the tab says, by session."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.tab = Tab(
            lambda name, text: self.heard.append((name, json.loads(text))),
            [PACKED],
            {f"lessons/{LAB}.json": '{"question": "Which?"}'}.__getitem__,
        )

    def send(self, session: str, **message: Any) -> dict[str, Any]:
        """Send a message and give the answer that has its number."""
        self.tab.take(session, json.dumps({"id": 1, **message}))
        return next(one for name, one in reversed(self.heard) if name == session and "id" in one)

    def open(self, session: str, **values: Any) -> dict[str, Any]:
        experiment = {"lab": LAB, "seed": 1, "faults": "lab", "script": [], **values}
        return self.send(session, do="open", experiment=experiment)

    def passes(self) -> None:
        """Let time pass until nobody plays any more."""
        for _ in range(10_000):
            if self.tab.pass_time(0.1) < 0:
                return
        raise AssertionError("time goes on for ever")

    def said(self, session: str, what: str) -> list[dict[str, Any]]:
        return [one for name, one in self.heard if name == session and one["say"] == what]


@pytest.fixture
def page() -> Iterator[Page]:
    """Give a page whose sessions are closed with it: a run that is left open is collected later."""
    made = Page()
    yield made
    for name in {name for name, _ in made.heard}:
        made.tab.close(name)


def test_two_sessions_side_by_side_give_the_digests_of_runs_alone(page: Page) -> None:
    """They take turns on one interpreter, and neither hears of the other."""
    lab = catalogue.find(LAB).lab
    for variant in lab.variants:
        page.open(variant.name, variant=variant.name, duration_s=lab.duration_s)
        page.send(variant.name, do="play", speed=100)
    page.passes()
    for variant in lab.variants:
        plan = Plan(slug=LAB, lab=lab, variant=variant, seed=1)
        alone = SimEngine().run(plan, conducted(lab), Unwatched())
        (ended,) = page.said(variant.name, "ended")
        assert ended["digest"] == alone.digest()


def test_nobody_is_called_again_while_no_session_plays(page: Page) -> None:
    """At a speed that a person chose there is time between two calls; else there is none."""
    assert page.tab.pass_time(1) < 0
    page.open("a", variant="at-once")
    assert page.tab.pass_time(1) < 0
    page.send("a", do="play", speed=1)
    assert 0 < page.tab.pass_time(0.01) < 0.1
    page.send("a", do="play", speed=100)
    assert page.tab.pass_time(0.01) == 0
    page.send("a", do="pause")
    assert page.tab.pass_time(1) < 0


def test_what_makes_no_sense_is_refused_with_a_sentence(page: Page) -> None:
    """A lab that is not in the bundle is told with the nearest one."""
    refused = page.open("a", lab="config-pusch")
    assert refused["say"] == "refused"
    assert refused["why"] == "no lab 'config-pusch' (did you mean config-push?)"
    assert page.send("a", do="nonsense")["say"] == "refused"


def test_a_lesson_is_read_from_beside_the_bundle(page: Page) -> None:
    """By the lab's name, and only of a lab that is there."""
    assert page.send("a", do="lesson", lab=LAB)["say"] == "ok"
    (told,) = page.said("a", "lesson")
    assert told["lesson"] == {"question": "Which?"}
    assert page.send("a", do="lesson", lab="../secret")["say"] == "refused"


def test_there_are_so_many_sessions_and_no_more_until_one_is_closed(page: Page) -> None:
    """Memory of a tab is small."""
    for number in range(MOST_SESSIONS):
        assert page.send(str(number), do="hello")["say"] == "ok"
    page.tab.take("more", json.dumps({"do": "hello", "id": 1}))
    (failed,) = page.said("more", "failed")
    assert failed["over"]
    page.tab.close("0")
    page.tab.close("never opened")
    assert page.send("more", do="hello")["say"] == "ok"
