"""Config: what it answers to hosts that ask and tell, while a value is pushed to it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from harness.conductor import conductor
from harness.model import Configure, Service, during
from harness.model.load import Flow
from harness.model.send import Arrival
from harness.recording import Recording, SeriesKey
from services.server import SettingError, load, settings_of
from tests.support import lab, run

CONFIG = load("services.config")
PUSH = during(2, 8, Configure("config", value="new"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Flow):
    """What hosts say: when, who, the value that it runs, good and failed answers since then."""

    lines: tuple[tuple[float, str, str, int, int], ...]

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        del rng, duration_s
        return (line[0] for line in self.lines)

    def arrivals(self, seed: int, duration_s: float) -> Iterator[Arrival]:
        del seed, duration_s
        for number, (at_s, host, runs, served, failed) in enumerate(self.lines):
            path = f"/value?host={host}&runs={runs}&served={served}&failed={failed}"
            yield Arrival(number, at_s, path, "GET", self.to, self.timeout_ms, 0)


def answers(recording: Recording) -> list[str]:
    return [one.answer for one in recording.requests]


def rejected(recording: Recording) -> float:
    return recording.series[SeriesKey("config", "rejected_values_total", "")][-1]


def told(*lines: tuple[float, str, str, int, int], **settings: float) -> Recording:
    """Have hosts tell `config`, whose value is `old`, and from second 2 to 8 `new`."""
    service = Service("config", app="services.config", settings={"value": "old", **settings})
    value = lab(service, load=Told(to="config", lines=lines, keep_answers=True), faults=(PUSH,))
    return run(value, conductor((PUSH,), value.duration_s))


def test_a_push_is_for_all_at_once() -> None:
    """And so is its end; nobody needs to have been heard of before."""
    made = told(
        (1, "a", "old", 0, 0),
        (3, "a", "old", 9, 0),
        (3.1, "b", "old", 0, 0),
        (9, "b", "new", 9, 0),
        (9.1, "a", "new", 9, 0),
    )
    assert answers(made) == ["old", "new", "new", "old", "old"]


def test_with_stages_the_first_host_has_it_alone() -> None:
    """Then two, then all three; the time runs from the first that asks after the push."""
    hosts = [(1 + n / 10, name, "old", 0, 0) for n, name in enumerate("abc")]
    asked = [(at_s, name, "old", 0, 0) for at_s in (3.0, 4.5, 5.5) for name in "abc"]
    made = told(*hosts, *asked, stage_ms=1000)
    assert (
        answers(made) == ["old"] * 3 + ["new", "old", "old"] + ["new", "new", "old"] + ["new"] * 3
    )


def test_one_host_that_fails_on_a_value_takes_it_from_all() -> None:
    """For good: it is offered until second 8, and handed out no more."""
    made = told(
        (1, "a", "old", 0, 0),
        (1.1, "b", "old", 0, 0),
        (3, "a", "old", 9, 0),
        (4.5, "b", "old", 9, 0),
        (5, "a", "new", 0, 9),
        (5.1, "b", "new", 0, 9),
        (7, "a", "old", 9, 0),
        stage_ms=1000,
        gate=0.1,
    )
    assert answers(made) == ["old", "old", "new", "new", "old", "old", "old"]
    assert rejected(made) == 1


@pytest.mark.parametrize(("gate", "served", "failed", "answer"), [
    (0.1, 9, 1, "new"), (0.1, 8, 2, "old"), (0, 9, 0, "new"), (0, 999, 1, "old"),
    (0.1, 0, 0, "new"), (1, 0, 9, "new"),
])  # fmt: skip
def test_the_gate_is_a_share_of_the_answers_told(
    gate: float, served: int, failed: int, answer: str
) -> None:
    """More than it stops a value; without answers there is nothing to hold against it."""
    made = told(
        (1, "a", "old", 0, 0),
        (1.1, "b", "old", 0, 0),
        (3, "a", "old", 0, 0),
        (4, "a", "new", served, failed),
        stage_ms=10_000,
        gate=gate,
    )
    assert answers(made)[-1] == answer
    assert rejected(made) == (answer == "old")


def test_errors_of_the_proven_value_stop_nothing() -> None:
    """A host that fails on what it had before does not tell of the push."""
    made = told((1, "a", "old", 0, 9), (3, "a", "old", 0, 9), stage_ms=1000, gate=0.1)
    assert answers(made) == ["old", "new"]
    assert rejected(made) == 0


@pytest.mark.parametrize("wrong", [{"stage_ms": -1}, {"gate": -0.1}])
def test_it_says_which_setting_is_wrong(wrong: dict[str, Any]) -> None:
    """Neither a time nor a share is below 0."""
    (name,) = wrong
    with pytest.raises(SettingError, match=name):
        settings_of(CONFIG, wrong)
