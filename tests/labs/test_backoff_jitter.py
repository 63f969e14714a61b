"""Backoff and jitter, broken on purpose: each time the verdict turns."""

import random

import pytest

from harness import catalogue
from services.patterns.retry import Backoff, Jitter
from tests.labs.otherwise import failed

LAB = catalogue.find("backoff-jitter").lab
FIXES = ("full", "equal", "decorrelated")


@pytest.mark.parametrize("variant", FIXES)
def test_tills_whose_chance_begins_with_one_seed_are_found_out(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pause is drawn as it should be, and all tills draw the same: that is lockstep."""
    drawn = Backoff.pause_ms

    def alike(backoff: Backoff, retry: int, _: random.Random, last_ms: float = 0) -> float:
        return drawn(backoff, retry, random.Random(retry), last_ms)

    monkeypatch.setattr(Backoff, "pause_ms", alike)
    assert "both together save a third and more" in failed(LAB, variant)


def test_decorrelated_pauses_that_forget_the_one_before_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is then drawn from the first range again, from 300 to 900 ms."""
    drawn = Backoff.pause_ms

    def forgetful(backoff: Backoff, retry: int, rng: random.Random, _: float = 0) -> float:
        return drawn(backoff, retry, rng)

    monkeypatch.setattr(Backoff, "pause_ms", forgetful)
    assert failed(LAB, "decorrelated") == {"decorrelated jitter makes a third"}


def test_equal_jitter_of_the_lower_half_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would come back too soon: half of the pauses that it says."""
    drawn = Backoff.pause_ms

    def lower(backoff: Backoff, retry: int, rng: random.Random, last_ms: float = 0) -> float:
        pause_ms = drawn(backoff, retry, rng, last_ms)
        return pause_ms / 2 if backoff.jitter is Jitter.EQUAL else pause_ms

    monkeypatch.setattr(Backoff, "pause_ms", lower)
    assert "equal jitter makes hardly fewer" in failed(LAB, "equal")
