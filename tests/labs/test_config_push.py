"""The configuration push, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from harness.assignments import changed
from harness.conductor import conductor
from harness.measures import failures
from harness.model.lab import Lab
from harness.recording import Recording
from labs.delivery.config_push import service
from tests.labs.otherwise import SEED, failed
from tests.support import run

ENTRY = catalogue.find("config-push")
LAB = ENTRY.lab
FEW = "few notice"
LAST_GOOD = {FEW, "three errors in each shop"}


def recorded(lab: Lab, variant: str, seed: int = SEED) -> Recording:
    return run(lab, conductor(lab.faults, lab.duration_s), variant=variant, seed=seed)


def test_a_shop_that_forgets_what_it_has_refused_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each poll brings the bad rate back, for three more errors."""

    class Forgetful(service.Shop):
        def _use(self, rate: str) -> None:
            self._refused.clear()
            super()._use(rate)

    monkeypatch.setattr(service, "Shop", Forgetful)
    assert failed(LAB, "last-good") == LAST_GOOD


def test_stages_without_a_gate_only_slow_the_outage_down() -> None:
    """About half of the requests fail, as the lesson has it, and in the end every shop is down."""
    slow = recorded(changed(ENTRY, ["config.gate=1"]).lab, "staged")
    whole = recorded(LAB, "at-once")
    ratio = failures(6, 20).of(slow) / failures(6, 20).of(whole)
    assert 0.4 < ratio < 0.6
    assert {one.to for one in slow.due(15, 16) if not one.good} == {
        f"shop-{number}" for number in (1, 2, 3, 4)
    }


def test_stages_shorter_than_a_poll_are_none() -> None:
    """With seed 2 everybody fails; with seed 1 the first shop reports in time, by luck."""
    hasty = changed(ENTRY, ["config.stage_ms=200"]).lab
    count = failures(6, 20)
    assert count.of(recorded(hasty, "staged", seed=2)) > 700
    assert count.of(recorded(hasty, "staged", seed=1)) < 50
