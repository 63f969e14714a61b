"""Each guard's sabotages are noticed by its own property tests."""

import pytest

from services.patterns.guards import Sabotage
from tests.sabotaged import notice, properties, sabotages

TESTS = {
    "retry": "test_retrying",
    "deadline": "test_deadlines",
    "breaker": "test_circuit_breakers",
    "bulkhead": "test_bulkheads",
    "limiting": "test_limiters",
    "shedding": "test_shedders",
    "hedging": "test_hedges",
    "throttling": "test_throttles",
    "adaptive_limit": "test_adaptive_limits",
    "fallback": "test_fallbacks",
    "single_flight": "test_flights",
    "caching": "test_caches",
    "tied": "test_ties",
}


def test_every_guard_has_sabotages() -> None:
    """And tests that need no fixture, to notice them."""
    assert {name for name, _ in sabotages(TESTS)} == set(TESTS)
    assert all(len(properties(tests)) >= 3 for tests in TESTS.values())


@pytest.mark.parametrize(("name", "sabotage"), list(sabotages(TESTS)), ids=str)
def test_a_sabotage_is_noticed(
    name: str, sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that no longer does this must fail one of the tests that say what it does."""
    notice(TESTS[name], sabotage, monkeypatch)
