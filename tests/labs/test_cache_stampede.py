"""The cache stampede's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services import cache
from services.patterns.lease import Lease
from tests.labs.otherwise import after, failed

LAB = catalogue.find("cache-stampede").lab


def test_without_the_fault_nothing_falls() -> None:
    """Stampedes that are far apart are carried: each one's work is done before the next."""
    assert failed(LAB, "naive", runs=LAB.without_trigger()) == {"never comes back"}


def test_without_single_flight_it_stays_down() -> None:
    """The mend undone, under the mended variant's name."""
    bare = replace(LAB, variants=tuple(replace(one, settings={}) for one in LAB.variants))
    claims = failed(LAB, "single-flight", runs=bare)
    assert claims == {"nobody notices", "one in each process"}


def test_a_lease_that_everybody_gets_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it protects nobody: nothing else stands beneath it."""

    async def granted(_: Lease) -> bool:
        return True

    monkeypatch.setattr(Lease, "take", granted)
    assert failed(LAB, "lease") == {"nobody notices", "one in all"}


def test_early_expiry_that_is_never_early_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else stands beneath it either."""
    monkeypatch.setattr(cache, "draws_early", lambda *_, **__: False)
    assert "nobody notices" in failed(LAB, "early")


def test_a_key_that_does_not_expire_harms_nobody() -> None:
    """It is the expiry that does the harm: with a time to live longer than the run, none comes."""
    app, origin = LAB.services
    lasting = replace(LAB, services=(app.given({"ttl_ms": 60_000}), origin))
    assert "never comes back" in failed(LAB, "naive", runs=lasting)


@pytest.mark.parametrize(
    ("command", "claim"),
    [
        ("early app.beta=0.05", "few recompute, before it expires"),
        ("lease app.lease_ms=100", "one in all"),
        ("naive load.rate_rps=100", "never comes back"),
        ("naive origin.queue_limit=2", "never comes back"),
    ],
)
def test_the_lessons_commands_turn_the_verdict(command: str, claim: str) -> None:
    """What is said under "Break the mend" is what comes out."""
    verdict, claims = after("cache-stampede", command)
    assert verdict is Verdict.FAIL
    assert claim in claims
