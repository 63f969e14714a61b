"""Frozen values out of JSON objects, field by field, each refusal in one line."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from harness.errors import LabError
from harness.model.names import nearest

MOST = 1e9
"""No duration, size or rate of a lab is beyond it, in any of its units."""
MOST_LETTERS = 2000
MOST_ITEMS = 200
T = TypeVar("T")


def value_of(kind: type[T], document: object, what: str) -> T:
    """Make a dataclass of a JSON object that holds its fields; `what` names it in a refusal.

    Raises:
        LabError: a field is missing, unknown, or of another type.

    """
    if not isinstance(document, Mapping):
        raise LabError(f"{what}: expected an object, got {short(document)}")
    hints = get_type_hints(kind)
    there = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for name in document:
        if name not in there:
            close = nearest(str(name), there)
            has = ", ".join(there) or "none"
            raise LabError(f"{what}: no field {short(name)}{close}; its fields are {has}")
    for name, one in there.items():
        if name not in document and one.default is MISSING and one.default_factory is MISSING:
            raise LabError(f"{what}: {name} is missing")
    return kind(
        **{name: typed(hints[name], document[name], f"{what}: {name}") for name in document}
    )


def typed(kind: Any, value: object, what: str) -> Any:  # noqa: ANN401 - any type of a field
    """Take a value for a type, of those that fields of faults and operations have.

    Raises:
        LabError: it is of another type, too large, or too long.

    """
    if get_origin(kind) is tuple:
        return tuple(typed(get_args(kind)[0], one, what) for one in _items(value, what))
    if get_origin(kind) is not None and issubclass(get_origin(kind), Mapping):
        if not isinstance(value, Mapping) or len(value) > MOST_ITEMS:
            raise LabError(f"{what} is {short(value)}; it must be an object of settings")
        return {str(name): setting(one, f"{what}: {short(name)}") for name, one in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        words = [str(one.value) for one in kind]
        if value not in words:
            raise LabError(f"{what} is {short(value)}; it may be {', '.join(words)}")
        return kind(value)
    if kind is float or kind is int:
        return _number(kind, value, what)
    if kind is str:
        return _text(value, what)
    return value if kind is object else setting(value, what)


def setting(value: object, what: str) -> str | int | float | bool:
    """Take the value of a service's setting: a text, a number, true or false.

    Raises:
        LabError: it is something else.

    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number: int | float = _number(type(value), value, what)
        return number
    return _text(value, what)


def short(value: object) -> str:
    """Show a value in a refusal, cut where it is long."""
    most = 60
    text = repr(value) if not isinstance(value, int) or abs(value) <= MOST else "a huge number"
    return text if len(text) <= most else f"{text[:most]}..."


def _number(kind: type, value: object, what: str) -> Any:  # noqa: ANN401 - an int or a float
    whole = kind is int
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits:
        raise LabError(f"{what} is {short(value)}; it must be a {'whole ' * whole}number")
    assert isinstance(value, int | float)  # noqa: S101 - for the type checker
    if not -MOST <= value <= MOST or not math.isfinite(value):
        raise LabError(f"{what} is {short(value)}; it must lie between -1e9 and 1e9")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise LabError(f"{what} is {short(value)}; it must be a text")
    if len(value) > MOST_LETTERS:
        raise LabError(f"{what} has {len(value)} letters; at most {MOST_LETTERS} are taken")
    if not value.isprintable():
        raise LabError(f"{what} is {short(value)}; it may hold no line ends and control characters")
    return value


def _items(value: object, what: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise LabError(f"{what} is {short(value)}; it must be a list")
    if len(value) > MOST_ITEMS:
        raise LabError(f"{what} has {len(value)} items; at most {MOST_ITEMS} are taken")
    return list(value)
