"""Finds where modules hold functions of the standard library, and puts others in their place.

By `from time import monotonic` in a module or class, as a default (`timer=monotonic`), in a
cell of a closure, in a `partial`, in a dictionary, or in an object that a module has made.
"""

import copyreg
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CellType, FunctionType, ModuleType
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

from harness.engines.sim.time_and_chance import StandIns, seed
from harness.engines.sim.virtual_datetime import PICKLED, InstancesOfReal

OURS = "harness"
"""The simulator itself reads the machine's clock where it means to."""

DEPTH = 4
"""How far dictionaries, lists and objects inside one another are followed."""


class Place(NamedTuple):
    """A place that holds something: how to put another there, what was there, what shall be."""

    put: Callable[[Any], object]
    real: object
    virtual: object


Put = Callable[[Any], object]
Look = Callable[..., Iterator[Place]]


class Holders:
    """Replaces what modules hold, from `install` to `remove`; both may be called many times."""

    def __init__(self) -> None:
        self._stand_ins = StandIns()
        self._known: WeakKeyDictionary[ModuleType, list[Place]] = WeakKeyDictionary()
        self._fixed = [Place(partial(setattr, random.Random, "seed"), random.Random.seed, seed)]
        self._installed = 0

    def install(self) -> None:
        """Replace everything, also in what is loaded later and then brought in by `extend`."""
        self._installed += 1
        if self._installed == 1:
            copyreg.dispatch_table.update(PICKLED)
            for place in self._places():
                place.put(place.virtual)
        self.extend()

    def extend(self) -> None:
        """Replace what modules hold that were loaded since."""
        new = [each for each in sys.modules.copy().values() if not self._knows(each)]
        if not new:
            return
        self._stand_ins.extend()
        seen: set[int] = set()
        for module in new:
            self._known[module] = places = list(_Search(self._stand_ins, module, seen).places())
            for place in places:
                place.put(place.virtual)

    @contextmanager
    def with_real_dates(self) -> Iterator[None]:
        """Let what is imported meanwhile see the real `datetime` and `date`.

        It may make them keys of a table, or the types of its fields, and instances are of these.
        """
        found = self._known.get(sys.modules["datetime"], [])
        places = [each for each in found if type(each.virtual) is InstancesOfReal]
        for place in places:
            place.put(place.real)
        try:
            yield
        finally:
            for place in places if self._installed else ():
                place.put(place.virtual)

    def remove(self) -> None:
        """Put back what was there."""
        self._installed -= 1
        if not self._installed:
            for place in self._places():
                place.put(place.real)
            for kind in PICKLED:
                copyreg.dispatch_table.pop(kind, None)

    def _knows(self, module: object) -> bool:
        # Some libraries put other objects there.
        return type(module) is not ModuleType or module in self._known or _is_ours(module)

    def _places(self) -> Iterator[Place]:
        yield from self._fixed
        for places in list(self._known.values()):
            yield from places


HOLDERS = Holders()
"""One for all simulations of this interpreter: its modules are the same for all."""


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] == OURS


class _Search:
    """Goes through one module; `seen` has the identities of what others have been through."""

    def __init__(self, stand_ins: StandIns, module: ModuleType, seen: set[int]) -> None:
        self._of = stand_ins.of
        self._module = module
        self._package = module.__name__.partition(".")[0]
        self._seen = seen

    def places(self) -> Iterator[Place]:
        """Give each place of the module that holds something to be replaced."""
        space = vars(self._module)
        yield from self._items(space, partial(partial, space.__setitem__), self._module.__name__, 0)

    def _items(
        self,
        space: Any,  # noqa: ANN401 - anything there is
        put: Callable[[str], Put],
        name: str,
        depth: int,
    ) -> Iterator[Place]:
        for key, value in list(space.items()):
            if not _holds_nothing(value) and key != "__annotations__":
                yield from self._value(value, put(key), f"{name}.{key}", depth)

    def _value(self, value: object, put: Put, name: str, depth: int) -> Iterator[Place]:
        if (virtual := self._of(value, name)) is not None:
            yield Place(put, value, virtual)
        elif look := self.KINDS.get(type(value)) or _look_at_class(value):
            if id(value) not in self._seen:
                self._seen.add(id(value))
                yield from look(self, value, put, name, depth)
        elif depth < DEPTH and self._is_of_package(value) and id(value) not in self._seen:
            self._seen.add(id(value))
            yield from self._object(value, put, name, depth)

    def _is_of_package(self, value: object) -> bool:
        home = getattr(type(value), "__module__", None)
        return isinstance(home, str) and home.partition(".")[0] == self._package

    def _function(self, value: Any, _: object, name: str, depth: int) -> Iterator[Place]:  # noqa: ANN401
        if value.__defaults__:
            put = partial(setattr, value, "__defaults__")
            yield from self._tuple(value.__defaults__, put, name, depth)
        if keywords := value.__kwdefaults__:
            yield from self._items(keywords, partial(partial, keywords.__setitem__), name, depth)
        for cell in value.__closure__ or ():
            yield from self._cell(cell, name, depth)
        if value.__globals__ is not vars(self._module) and "__file__" not in value.__globals__:
            # Made by a library (attrs, dataclasses) out of text, with names of its own.
            yield from self._dict(value.__globals__, None, name, depth)
        if wrapped := value.__dict__.get("__wrapped__"):
            yield from self._value(wrapped, _nowhere, name, depth)

    def _cell(self, cell: CellType, name: str, depth: int) -> Iterator[Place]:
        try:
            value = cell.cell_contents
        except ValueError:  # it is empty
            return
        yield from self._value(value, partial(setattr, cell, "cell_contents"), name, depth + 1)

    def _class(self, value: Any, _: object, name: str, depth: int) -> Iterator[Place]:  # noqa: ANN401
        if self._is_of_package(type("", (), {"__module__": value.__module__})()):
            yield from self._items(vars(value), partial(partial, setattr, value), name, depth)

    def _wrapper(
        self,
        value: Any,  # noqa: ANN401 - anything there is
        put: Put,
        name: str,
        depth: int,
    ) -> Iterator[Place]:
        kind = type(value)
        yield from self._value(value.__func__, lambda inner: put(kind(inner)), name, depth)

    def _property(self, value: Any, _: object, name: str, depth: int) -> Iterator[Place]:  # noqa: ANN401
        for function in (value.fget, value.fset, value.fdel):
            if type(function) is FunctionType:
                yield from self._value(function, _nowhere, name, depth)

    def _partial(
        self,
        value: Any,  # noqa: ANN401 - anything there is
        put: Put,
        name: str,
        depth: int,
    ) -> Iterator[Place]:
        # In place: others may hold the same one.
        del put

        def again(parts: tuple[object, ...]) -> None:
            function, *arguments = parts
            value.__setstate__((function, tuple(arguments), keywords, vars(value)))

        keywords = value.keywords
        yield from self._tuple((value.func, *value.args), again, name, depth)
        yield from self._items(keywords, partial(partial, keywords.__setitem__), name, depth)

    def _dict(self, value: dict[Any, Any], _: object, name: str, depth: int) -> Iterator[Place]:
        if depth < DEPTH:
            yield from self._items(value, partial(partial, value.__setitem__), name, depth + 1)

    def _list(self, value: list[Any], _: object, name: str, depth: int) -> Iterator[Place]:
        if depth < DEPTH and not all(map(_holds_nothing, value)):
            for number, each in enumerate(value):
                yield from self._value(each, partial(value.__setitem__, number), name, depth + 1)

    def _tuple(self, value: tuple[Any, ...], put: Put, name: str, depth: int) -> Iterator[Place]:
        if all(map(_holds_nothing, value)):
            return
        inner = [list(self._value(each, _nowhere, name, depth + 1)) for each in value]
        own = [places[0] if places and places[0].put is _nowhere else None for places in inner]
        yield from (place for places in inner for place in places if place.put is not _nowhere)
        if any(own):
            virtual = (each.virtual if each else old for each, old in zip(own, value, strict=True))
            yield Place(put, value, tuple(virtual))

    def _object(self, value: Any, _: object, name: str, depth: int) -> Iterator[Place]:  # noqa: ANN401
        try:
            space = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return
        if type(space) is dict:
            yield from self._items(space, partial(partial, space.__setitem__), name, depth + 1)

    KINDS: ClassVar[dict[type, Look]] = {
        FunctionType: _function,
        staticmethod: _wrapper,
        classmethod: _wrapper,
        property: _property,
        partial: _partial,
        dict: _dict,
        list: _list,
        tuple: _tuple,
    }


def _look_at_class(value: object) -> Look | None:
    """Say how to look at a class; not by `isinstance`, which asks what a proxy stands for."""
    return _Search._class if issubclass(type(value), type) else None  # noqa: SLF001


_PLAIN = frozenset({str, int, float, bool, bytes, type(None), frozenset, set, ModuleType})


def _holds_nothing(value: Any) -> bool:  # noqa: ANN401 - anything
    """Pass over what nothing can be found in, which is nearly everything."""
    kind = type(value)
    if kind is FunctionType:
        inside = value.__defaults__ or value.__closure__ or value.__kwdefaults__ or value.__dict__
        return not (inside or "__file__" not in value.__globals__)
    return kind in _PLAIN


def _nowhere(_: object) -> None:
    """Do nothing: the holder of the value is replaced as a whole, or cannot be."""
