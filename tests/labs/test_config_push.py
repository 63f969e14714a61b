"""The configuration push, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from harness.cli.options import changed
from harness.conductor import conductor
from harness.measures import failures
from harness.model.lab import Lab
from harness.model.variant import Fixed
from harness.recording import Recording
from labs.delivery.config_push import service
from services.patterns.rollout import Rollout
from tests.labs.otherwise import SEED, after, failed
from tests.support import run

ENTRY = catalogue.find("config-push")
LAB = ENTRY.lab
FEW = "few notice"
STAGED = {FEW, "one shop until its next poll"}
LAST_GOOD = {FEW, "three errors in each shop"}


def recorded(lab: Lab, variant: str, seed: int = SEED) -> Recording:
    return run(lab, conductor(lab.faults, lab.duration_s), variant=variant, seed=seed)


def test_without_the_push_nothing_breaks() -> None:
    """Nobody is down, so the claims of the outage fail."""
    claims = {"all are down", "the whole load until it is put right"}
    assert failed(LAB.without_trigger(), "at-once") == claims


@pytest.mark.parametrize(("mend", "undone", "claims"), [
    ("staged", {"config.gate": 0.1}, STAGED),
    ("staged", {"config.stage_ms": 4000}, STAGED),
    ("last-good", {}, LAST_GOOD),
    ("validated", {}, {"nobody notices"}),
])  # fmt: skip
def test_the_mend_undone_is_a_failure(
    mend: str, undone: dict[str, float], claims: set[str]
) -> None:
    """Stages without a gate, or a gate without stages, are no mend either."""
    lab = replace(LAB, variants=(*LAB.variants[:1], Fixed(mend, dict(undone))))
    assert failed(lab, mend) == claims


def test_a_rollout_that_hands_a_rejected_value_out_again_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first shop gets it again at the next offer, and fails again, until it is put right."""

    def forgetful(self: Rollout, value: str) -> bool:
        gone = value != self._trial or value == self._proven
        self._trial = self._proven
        return not gone

    monkeypatch.setattr(Rollout, "reject", forgetful)
    assert failed(LAB, "staged") == STAGED


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


@pytest.mark.parametrize(
    ("command", "claims"),
    [
        ("staged config.gate=1", STAGED),
        ("staged shop.poll_ms=5000", STAGED),
    ],
)
def test_what_the_lesson_breaks_fails(command: str, claims: set[str]) -> None:
    """Each command of its last experiment, and what the lesson says of it."""
    assert after("config-push", command) == (Verdict.FAIL, claims)


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
