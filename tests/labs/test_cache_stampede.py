"""The cache stampede's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from tests.labs.otherwise import failed

LAB = catalogue.find("cache-stampede").lab


def test_a_key_that_does_not_expire_harms_nobody() -> None:
    """It is the expiry that does the harm: with a time to live longer than the run, none comes."""
    app, origin = LAB.services
    lasting = replace(LAB, services=(app.given({"ttl_ms": 60_000}), origin))
    assert "never comes back" in failed(LAB, "naive", runs=lasting)
