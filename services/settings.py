"""Settings: the typed values of a service, made of the plain ones that a lab writes.

A field may be a dataclass itself; a lab then names its fields behind a dot, as in
`outgoing.retry.tries`, to any depth.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

LIVE = "live"
NO_GUARDS = MappingProxyType(
    dict.fromkeys(
        ("incoming", "outgoing"),
        "this service takes no guards; make its Settings a subclass of services.guarding.Guarded",
    )
)
"""What a class of settings says of guards that has no `REFUSED`, as of a lab's own service."""
T = TypeVar("T")
_TYPES: dict[type[Any], dict[str, Any]] = {}


class SettingError(ValueError):
    """A setting that a service does not have, or a value that it cannot take."""


def live(default: T) -> T:
    """Give the default of a setting that may be changed while the process runs.

    A change puts new settings in the place of `ctx.settings` as a whole, validated as the first
    ones were. Read `ctx.settings.x` at every use: whoever keeps the value goes on with the old one.
    """
    return field(default=default, metadata={LIVE: True})


def at_least(low: float, **values: float) -> None:
    """Check settings, in the `__post_init__` of a service's `Settings`.

    Raises:
        SettingError: one of them is below the bound, or is not a number.

    """
    for name, value in values.items():
        if not value >= low:
            raise SettingError(f"{name} is {value:g}; it must be at least {low:g}")


def at_most(high: float, **values: float) -> None:
    """Check settings from above, as `at_least` does from below.

    Raises:
        SettingError: one of them is above the bound, or is not a number.

    """
    for name, value in values.items():
        if not value <= high:
            raise SettingError(f"{name} is {value:g}; it must be at most {high:g}")


def made(kind: type[Any], values: Mapping[str, object], inside: str = "") -> Any:  # noqa: ANN401
    """Make settings of a class, of values by their dotted names.

    Raises:
        SettingError: what is wrong, and what there is.

    """
    kinds = _types_of(kind)
    plain: dict[str, object] = {}
    nested: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        head, dot, rest = name.partition(".")
        if head not in kinds and (why := _refusal(kind, head)):
            raise SettingError(f"{inside}{name} is refused: {why}")
        if head not in kinds or (dot and not is_dataclass(kinds[head])):
            of = f"of {inside[:-1]} there are" if inside else "there are"
            own_first = sorted(kinds, key=lambda one: is_dataclass(kinds[one]))
            raise SettingError(f"no setting {inside + name!r}; {of} {', '.join(own_first)}")
        if dot:
            nested.setdefault(head, {})[rest] = value
        else:
            plain[head] = _converted(inside + name, value, kinds[head])
    inner = {name: made(kinds[name], given, f"{inside}{name}.") for name, given in nested.items()}
    try:
        return kind(**plain, **inner)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{inside}{error}") from error


def _refusal(kind: type[Any], head: str) -> str:
    """Say why a class does not take a setting that others take, as its `REFUSED` does."""
    refused: Mapping[str, str] = getattr(kind, "REFUSED", NO_GUARDS)
    return refused.get(head, "")


def live_names(kind: object, *, all_live: bool = False) -> Iterator[str]:
    """Name the live settings of a class, those of its dataclasses behind dots.

    All of a dataclass are live where its own field is.
    """
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return
    kinds = _types_of(kind)
    for one in fields(kind):
        is_live = all_live or LIVE in one.metadata
        if is_dataclass(kinds[one.name]):
            inner = live_names(kinds[one.name], all_live=is_live)
            yield from (f"{one.name}.{name}" for name in inner)
        elif is_live:
            yield one.name


def value_of(settings: object, name: str) -> Any:  # noqa: ANN401 - whatever it is
    """Give the value of a setting by its dotted name.

    Raises:
        AttributeError: there is none of that name.

    """
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def _converted(name: str, value: object, kind: Any) -> object:  # noqa: ANN401 - any type there is
    if is_dataclass(kind):
        inner = ", ".join(f"{name}.{one.name}" for one in fields(kind))
        raise SettingError(f"{name} is {value!r}; set one of {inner}")
    if issubclass(kind, Enum):
        members = [str(member.value) for member in kind]
        if value not in members:
            raise SettingError(f"{name} is {value!r}; it may be {', '.join(members)}")
        return kind(value)
    # bool is an int to Python, and not to people.
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise SettingError(f"{name} is {value!r}; it must be of type {kind.__name__}")
    return value


def _types_of(kind: type[Any]) -> dict[str, Any]:
    """Give the types of a class's fields, which Python works out anew each time it is asked."""
    if kind not in _TYPES:
        _TYPES[kind] = get_type_hints(kind)
    return _TYPES[kind]
