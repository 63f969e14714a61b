"""Load balancing, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from harness.model.variant import Fixed
from services.patterns.balancing import InFlight
from tests.labs.otherwise import after, failed

LAB = catalogue.find("load-balancing").lab


@pytest.mark.parametrize(
    ("variant", "kept", "claim"),
    [
        ("round-robin", 1, "the slow replica's share fails, and goes on to after the fault"),
        ("least", 0, "old figures send everybody to one replica"),
    ],
)
def test_without_its_own_fault_a_broken_variant_stands(variant: str, kept: int, claim: str) -> None:
    """Each of the two faults hits one policy, and the other fault does not hit it."""
    calm = replace(LAB, faults=(LAB.faults[kept],))
    assert claim in failed(LAB, variant, runs=calm)


@pytest.mark.parametrize(
    ("undone", "claims"),
    [
        (
            {"balancer.policy": "round-robin"},
            {"the slow replica is avoided", "few are lost with it"},
        ),
        ({"balancer.policy": "least"}, {"old figures make no herd", "and lose few"}),
    ],
)
def test_the_mend_undone_is_a_failure(undone: dict[str, str], claims: set[str]) -> None:
    """Two choices are there for both faults: turns fail in one, the least in the other."""
    lab = replace(LAB, variants=(*LAB.variants[:2], Fixed("two-choices", undone)))
    assert failed(LAB, "two-choices", runs=lab) == claims


def test_a_balancer_that_forgets_to_count_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without figures all replicas look alike, and the slow one gets a share as by chance."""
    monkeypatch.setattr(InFlight, "spent_s", lambda self: dict.fromkeys(self.loads, 0.0))
    assert "the slow replica is avoided" in failed(LAB, "two-choices")
    assert failed(LAB, "least") != set()


@pytest.mark.parametrize(
    ("command", "claim"),
    [
        ("two-choices load.rate_rps=160", "and lose few"),
        ("two-choices balancer.policy=random", "the slow replica is avoided"),
        ("least load.rate_rps=50", "old figures send everybody to one replica"),
    ],
)
def test_the_lessons_commands_turn_the_verdict(command: str, claim: str) -> None:
    """What is said under "Break the mend" is what comes out."""
    verdict, claims = after("load-balancing", command)
    assert verdict is Verdict.FAIL
    assert claim in claims
