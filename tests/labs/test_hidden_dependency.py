"""The hidden dependency's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from labs.cascades.hidden_dependency.predictions import slow
from tests.labs.otherwise import failed

LAB = catalogue.find("hidden-dependency").lab


def test_a_slow_store_leaves_the_other_pages() -> None:
    """It is what is needed by all that does the harm, and not a slow service as such."""
    assert "no page is left" in failed(LAB, "slow-quota", runs=replace(LAB, faults=slow("files")))


def test_a_fallback_behind_a_longer_limit_than_its_caller_s_comes_too_late() -> None:
    """It is the shorter limit that leaves time for a yes: the page gives up after 0.3 s."""
    services = tuple(
        one.given({"timeout_ms": 1000}) if one.name == "accounts" else one for one in LAB.services
    )
    assert "all pages stay" in failed(LAB, "fail-open", runs=replace(LAB, services=services))
