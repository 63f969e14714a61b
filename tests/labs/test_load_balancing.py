"""Load balancing, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from tests.labs.otherwise import failed

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
