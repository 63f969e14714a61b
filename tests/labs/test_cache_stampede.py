"""The cache stampede's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services.patterns.lease import Lease
from tests.labs.otherwise import after, failed

LAB = catalogue.find("cache-stampede").lab


def test_without_the_fault_nothing_falls() -> None:
    """Stampedes alone are carried; it takes an empty cache to stay down."""
    assert failed(LAB, "naive", runs=LAB.without_faults()) == {"never comes back"}


def test_without_single_flight_it_stays_down() -> None:
    """The mend undone, under the mended variant's name."""
    bare = replace(LAB, variants=tuple(replace(one, settings={}) for one in LAB.variants))
    claims = failed(LAB, "single-flight", runs=bare)
    assert claims == {"nobody notices", "one in each process"}


def test_a_lease_that_everybody_gets_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is single flight in each process, and no more."""

    async def granted(_: Lease) -> bool:
        return True

    monkeypatch.setattr(Lease, "take", granted)
    assert failed(LAB, "lease") == {"one in all"}


@pytest.mark.parametrize(
    ("command", "claim"),
    [
        ("early app.beta=0.2", "e in all, and earlier"),
        ("lease app.lease_ms=100", "one in all"),
        ("naive load.rate_rps=18", "never comes back"),
    ],
)
def test_the_lessons_commands_turn_the_verdict(command: str, claim: str) -> None:
    """What is said under "Break the mend" is what comes out."""
    verdict, claims = after("cache-stampede", command)
    assert verdict is Verdict.FAIL
    assert claim in claims
