"""The circuit breaker's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services.patterns.breaker import Breaker
from tests.labs.otherwise import after, failed

LAB = catalogue.find("circuit-breaker").lab
STAYS_UP = "the healthy route stays up"


def test_without_the_fault_nothing_falls() -> None:
    """Then the healthy route stays up without a breaker, which the lab says it does not."""
    assert failed(LAB, "naive", runs=LAB.without_trigger()) == {"the healthy route falls too"}


def test_without_the_breaker_the_healthy_route_falls() -> None:
    """The mend undone, under the mended variant's name."""
    bare = replace(LAB, variants=tuple(replace(one, settings={}) for one in LAB.variants))
    assert STAYS_UP in failed(LAB, "breaker", runs=bare)


def test_a_breaker_that_learns_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It never opens, whatever the calls come to."""
    monkeypatch.setattr(Breaker, "_learn", lambda *_, **__: None)
    assert STAYS_UP in failed(LAB, "breaker")


@pytest.mark.parametrize(
    ("command", "claim"),
    [
        ("breaker gateway.threshold=0.1", "no false trip when one call in a hundred fails"),
        ("breaker gateway.open_ms=8000", "one call leaks each period"),
        ("naive gateway.slots=20", "the healthy route falls too"),
    ],
)
def test_the_lessons_commands_turn_the_verdict(command: str, claim: str) -> None:
    """What is said under "Break the mend" is what comes out."""
    verdict, claims = after("circuit-breaker", command)
    assert verdict is Verdict.FAIL
    assert claim in claims
