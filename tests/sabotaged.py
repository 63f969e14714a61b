"""Patterns with one of their sabotages in place, and the tests that must notice."""

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator

import pytest

from services.patterns.guards import Sabotage


def sabotages(patterns: Iterable[str]) -> Iterator[tuple[str, Sabotage]]:
    """Give the sabotages of some patterns, each with the pattern's name."""
    for name in patterns:
        module = importlib.import_module(f"services.patterns.{name}")
        yield from ((name, sabotage) for sabotage in module.SABOTAGES)


def properties(tests: str) -> list[Callable[[], None]]:
    """Give a module's tests that take nothing from pytest."""
    module = importlib.import_module(tests)
    return [
        test
        for title, test in vars(module).items()
        if title.startswith("test_")
        and (hasattr(test, "hypothesis") or not inspect.signature(test).parameters)
    ]


def notice(tests: str, sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail unless one of a module's tests fails with a sabotage in place."""
    assert hasattr(sabotage.where, sabotage.attribute)
    found = properties(tests)  # Before the change: a module keeps what it has imported by name.
    monkeypatch.setattr(sabotage.where, sabotage.attribute, sabotage.instead)
    for test in found:
        try:
            test()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
    pytest.fail(f"nothing noticed {sabotage}")
