"""Puts what is sabotaged, or what only watches, in the place of what patterns are made of."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from types import ModuleType
from typing import Any
from unittest.mock import patch

from harness.proof.item import Listed
from services import patterns
from services.patterns.guards import Sabotage


def listed() -> list[Listed]:
    """Give the sabotages of all patterns, in the order of their names."""
    found: list[Listed] = []
    for module in pkgutil.iter_modules(patterns.__path__):
        pattern = importlib.import_module(f"{patterns.__name__}.{module.name}")
        found += [(module.name, one) for one in getattr(pattern, "SABOTAGES", ())]
    return found


@contextmanager
def watched() -> Iterator[dict[Listed, None]]:
    """Note the sabotages of all that is called for as long as the block lasts."""
    called: dict[Listed, None] = {}
    with ExitStack() as stack:
        for one in listed():
            _, sabotage = one
            sound = inspect.getattr_static(sabotage.where, sabotage.attribute)
            watching = seen(sound, partial(called.__setitem__, one, None))
            stack.enter_context(_in_place(sabotage, watching))
        yield called


def seen(sound: Any, call: Callable[[], None]) -> Any:  # noqa: ANN401 - of any kind
    """Make what does the same, and says when it is called."""
    if isinstance(sound, property):
        return property(seen(sound.fget, call))
    if isinstance(sound, staticmethod | classmethod):
        return type(sound)(seen(sound.__func__, call))

    @wraps(sound)
    def told(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - as above
        call()
        return sound(*given, **more)

    return told


@contextmanager
def applied(sabotage: Sabotage) -> Iterator[None]:
    """Have a pattern sabotaged for as long as the block lasts."""
    with _in_place(sabotage, sabotage.instead):
        yield


@contextmanager
def _in_place(one: Sabotage, instead: object) -> Iterator[None]:
    """Put something in an attribute's place; a function's wherever it was imported, too."""
    with ExitStack() as stack:
        for where in list(_places(one)):  # before the first one has changed
            stack.enter_context(patch.object(where, one.attribute, instead))
        yield


def _places(one: Sabotage) -> Iterator[object]:
    yield one.where
    if not isinstance(one.where, ModuleType):
        return
    sound = getattr(one.where, one.attribute)
    for name, module in list(sys.modules.items()):
        is_ours = name.startswith(("services.", "labs.")) and module is not one.where
        if is_ours and vars(module).get(one.attribute) is sound:
            yield module
