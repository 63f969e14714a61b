"""Split brain, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services.patterns.replication import Replication
from tests.labs.otherwise import after, failed

LAB = catalogue.find("split-brain").lab
NONE_LOST = "no acknowledged write is lost"


@pytest.mark.parametrize(
    ("variant", "claims"),
    [
        ("naive", {"two leaders at once", "acknowledged writes are lost"}),
        ("async", {"what was not copied is lost"}),
    ],
)
def test_without_the_cut_nothing_breaks(variant: str, claims: set[str]) -> None:
    """There is one leader, and nothing is lost."""
    assert claims <= failed(LAB, variant, runs=replace(LAB, faults=()))


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
    assert after("split-brain", command) == (Verdict.FAIL, claims)
