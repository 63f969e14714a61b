"""Sabotage: the patterns that a lab uses, each of which no longer does one thing that it says.

The list stands with each pattern, as `SABOTAGES`. One that a lab never calls, or that changes
nothing in its run, says nothing about the lab; of the others of one pattern, a claim must notice
one at least, or the lab does not show what the pattern is for.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from types import ModuleType
from typing import Any
from unittest.mock import patch

from harness.errors import ChaoslabError
from harness.model.variant import Variant
from harness.proof.bench import Bench, ended
from harness.proof.item import Item, Listed, Way
from services import patterns
from services.patterns.guards import Sabotage


def listed() -> list[Listed]:
    """Give the sabotages of all patterns, in the order of their names."""
    found: list[Listed] = []
    for module in pkgutil.iter_modules(patterns.__path__):
        pattern = importlib.import_module(f"{patterns.__name__}.{module.name}")
        found += [(module.name, one) for one in getattr(pattern, "SABOTAGES", ())]
    return found


def items(bench: Bench) -> Iterator[Item]:
    """Sabotage every pattern that a lab uses, in every variant until it is noticed."""
    used: dict[str, list[tuple[Variant, Sabotage]]] = {}
    for variant in bench.lab.variants:
        for pattern, one in _used(bench, variant):
            used.setdefault(pattern, []).append((variant, one))
    for pattern, there in used.items():
        found = _noticed(bench, pattern, there)
        if found:
            yield found


def _noticed(bench: Bench, pattern: str, there: Sequence[tuple[Variant, Sabotage]]) -> Item | None:
    """Give the first sabotage that is noticed; None where none of them changes anything."""
    changing = []
    for variant, one in there:
        what = f"{one} of {pattern}, in {variant.name}"
        with applied(one):
            try:
                made = bench.met(variant)
            except ChaoslabError as error:
                return Item(way=Way.SABOTAGE, what=what, noticed=ended(error))
        if made.digest() == bench.as_it_is(variant).digest():
            continue
        changing.append(what)
        claims = bench.noticed(made)
        if claims:
            return Item(way=Way.SABOTAGE, what=what, noticed=claims)
    if not changing:
        return None
    return Item(
        way=Way.SABOTAGE,
        what="; ".join(changing),
        missing=f"it changes the run, and no claim notices: what is {pattern} there for?",
    )


def _used(bench: Bench, variant: Variant) -> Sequence[Listed]:
    """Give the sabotages of what a variant calls, which takes a run of it as it is."""
    if variant.name not in bench.called:
        with watched() as called:
            made = bench.met(variant)
        bench.sound.setdefault(variant.name, made)
        bench.called[variant.name] = list(called)
    return bench.called[variant.name]


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
