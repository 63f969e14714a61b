"""Split brain, broken on purpose: each time the verdict turns."""

from dataclasses import replace
from functools import cache

import pytest

from harness import catalogue, runner
from harness.checks.verdict import Verdict, failures, judge
from harness.cli.options import changed, chosen
from harness.conductor import conductor
from harness.engines.sim.engine import SimEngine
from harness.model.lab import Lab
from harness.recording import Recording
from services.patterns.replication import Replication
from tests.support import Silent, run

ENTRY = catalogue.find("split-brain")
LAB = ENTRY.lab
NONE_LOST = "no acknowledged write is lost"


def recorded(lab: Lab, variant: str) -> Recording:
    return run(lab, conductor(lab.faults, lab.duration_s), variant=variant, seed=1)


def failed(lab: Lab, variant: str) -> set[str]:
    """Name what a run fails of all that the lab claims."""
    return {control.claim for control in failures(judge(lab, recorded(lab, variant)))}


@cache
def claims_that_fail(command: str) -> tuple[Verdict, set[str]]:
    """Run what the lesson says, on the simulator: a variant's name, then settings."""
    variant, *assignments = command.split()
    entry = changed(ENTRY, assignments)
    result = runner.run(entry, chosen(entry, [variant]), 1, [SimEngine()], lambda *_: Silent())
    return result.verdict, {control.claim for control in failures(result.controls)}


@pytest.mark.parametrize(
    ("variant", "claims"),
    [
        ("naive", {"two leaders at once", "acknowledged writes are lost"}),
        ("async", {"what was not copied is lost"}),
    ],
)
def test_without_the_cut_nothing_breaks(variant: str, claims: set[str]) -> None:
    """There is one leader, and nothing is lost."""
    assert claims <= failed(replace(LAB, faults=()), variant)


def test_a_leader_that_does_not_heed_its_lease_loses_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on acknowledging by itself while another one leads already."""
    monkeypatch.setattr(Replication, "in_office", property(lambda self: self.member.leads))
    assert "one leader at a time" in failed(LAB, "async")


def test_a_leader_that_counts_copies_nobody_took_loses_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A majority of one, in other words."""

    async def at_once(self: Replication, count: int) -> bool:
        del count
        return self.in_office

    monkeypatch.setattr(Replication, "settled", at_once)
    assert NONE_LOST in failed(LAB, "majority")


@pytest.mark.parametrize(
    ("command", "claims"),
    [
        ("majority node.acknowledge=leader", {NONE_LOST, "no leader misses a write"}),
        (
            "naive node.patience_ms=6000",
            {
                "two leaders at once",
                "acknowledged writes are lost",
                "the loser's writes are lost",
            },
        ),
        ("naive node.patience_ms=5000", {"two leaders at once"}),
    ],
)
def test_what_the_lesson_breaks_fails(command: str, claims: set[str]) -> None:
    """Each command of its last experiment, and what the lesson says of it."""
    assert claims_that_fail(command) == (Verdict.FAIL, claims)
