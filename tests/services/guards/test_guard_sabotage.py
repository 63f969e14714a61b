"""Each guard's sabotages are noticed by its own property tests."""

import importlib
import inspect
from collections.abc import Callable, Iterator

import pytest

from services.patterns.guards import Sabotage

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


def sabotages() -> Iterator[tuple[str, Sabotage]]:
    for name in TESTS:
        module = importlib.import_module(f"services.patterns.{name}")
        yield from ((name, sabotage) for sabotage in module.SABOTAGES)


def properties(name: str) -> list[Callable[[], None]]:
    """Give a module's tests that take nothing from pytest."""
    module = importlib.import_module(TESTS[name])
    return [
        test
        for title, test in vars(module).items()
        if title.startswith("test_")
        and (hasattr(test, "hypothesis") or not inspect.signature(test).parameters)
    ]


def test_every_guard_has_sabotages() -> None:
    """And tests that need no fixture, to notice them."""
    assert {name for name, _ in sabotages()} == set(TESTS)
    assert all(len(properties(name)) >= 3 for name in TESTS)


@pytest.mark.parametrize(("name", "sabotage"), list(sabotages()), ids=str)
def test_a_sabotage_is_noticed(
    name: str, sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that no longer does this must fail one of the tests that say what it does."""
    assert hasattr(sabotage.where, sabotage.attribute)
    monkeypatch.setattr(sabotage.where, sabotage.attribute, sabotage.instead)
    for test in properties(name):
        try:
            test()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
    pytest.fail(f"nothing noticed {sabotage}")
