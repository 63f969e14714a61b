"""Arguments of formulas: what they take, where their sliders begin and end, and reading a text."""

import csv
import math
import pkgutil
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from harness.calculators.units import Value, typed, unit_of
from harness.errors import LabError
from harness.model.names import nearest

TABLE = "calculators.tsv"
EVERY, RESULT = "*", "result"
YES, NO, NONE = ("yes", "true", "1"), ("no", "false", "0"), "none"
LOGARITHMIC = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the table says of an argument; an empty field follows from the name or its type."""

    unit: str
    start: str
    low: str
    high: str
    scale: str
    vary: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument: `kind` is float, int, bool or an Enum, or the kind of each one of a list.

    A slider goes from `low` to `high`; both are NaN for what has none. An argument that is
    `optional` may be none.
    """

    name: str
    kind: type[Any]
    is_list: bool
    optional: bool
    unit: str
    says: str
    start: Value
    low: float
    high: float
    logarithmic: bool

    @property
    def slides(self) -> bool:
        """Whether it is one number, for which there is a slider."""
        return not self.is_list and self.kind in (int, float) and not math.isnan(self.low)

    @property
    def choices(self) -> tuple[str, ...]:
        """What it may be, where these can be listed."""
        if self.kind is bool:
            return YES[0], NO[0]
        return tuple(one.value for one in self.kind) if issubclass(self.kind, Enum) else ()

    def at(self, share: float) -> Value:
        """Give the value at a share of the slider, in even steps or even factors."""
        value = self.low + (self.high - self.low) * share
        if self.logarithmic:
            value = self.low * math.pow(self.high / self.low, share)
        return round(value) if self.kind is int else value

    def read(self, text: str) -> Value:
        """Read what a person typed.

        Raises:
            LabError: it is not of this kind.

        """
        if self.optional and text.strip() in ("", NONE):
            return None
        if self.is_list:
            return tuple(self._one(part) for part in text.split(",")) if text.strip() else ()
        return self._one(text)

    def _one(self, text: str) -> Value:
        text = text.strip()
        if self.choices:
            return self._chosen(text)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if self.kind is int and value.is_integer():
            return int(value)
        if self.kind is int or math.isnan(value):
            raise LabError(self._refused(text))
        return value

    def _chosen(self, text: str) -> Value:
        if self.kind is bool and text.lower() in YES + NO:
            return text.lower() in YES
        if text in self.choices:
            value: Value = self.kind(text)
            return value
        close = nearest(text, self.choices)
        raise LabError(f"{self.name}={text}: choose {' or '.join(self.choices)}{close}")

    def _refused(self, text: str) -> str:
        wanted = "a whole number" if self.kind is int else "a number"
        many = f"{wanted} each, with commas between them" if self.is_list else wanted
        return f"{self.name}={text}: write {many}, for example {self.name}={typed(self.start)}"


def arguments(
    name: str, hints: dict[str, Any], defaults: dict[str, Any], lists: Sequence[str]
) -> tuple[Argument, ...]:
    """Make a function's arguments from its types, its defaults and the table."""
    return tuple(
        _argument(name, one, hint, defaults.get(one), is_rest=one in lists)
        for one, hint in hints.items()
    )


def unit(function: str) -> str:
    """Give the unit of what a function gives."""
    return _row(function, RESULT).unit or unit_of(function)


def varied(function: str, names: Sequence[str]) -> str | None:
    """Give the argument that a curve goes over: the one marked for it, else the first of them."""
    marked = (name for name in names if _row(function, name).vary)
    return next(marked, names[0] if names else None)


@cache
def rows() -> dict[tuple[str, str], Row]:
    """Read the table: a row by function, or `*`, and argument."""
    data = pkgutil.get_data(__package__, TABLE) or b""
    lines = csv.DictReader(data.decode().splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(line.pop("function"), line.pop("argument")): Row(**line) for line in lines}


def _row(function: str, argument: str) -> Row:
    """Merge an argument's own row with that of `*`, which fills in what is empty there."""
    empty = Row(unit="", start="", low="", high="", scale="", vary="", says="")
    own, every = (rows().get((one, argument), empty) for one in (function, EVERY))
    scaled = own if own.low else every
    return Row(
        unit=own.unit or every.unit,
        start=own.start or every.start,
        low=own.low or every.low,
        high=own.high or every.high,
        scale=scaled.scale,
        vary=own.vary,
        says=own.says or every.says,
    )


def _argument(function: str, name: str, hint: Any, default: Any, *, is_rest: bool) -> Argument:  # noqa: ANN401 - a type
    kind, is_list, optional = _taken(hint)
    row = _row(function, name)
    made = Argument(
        name=name,
        kind=kind,
        is_list=is_list or is_rest,
        optional=optional,
        unit=row.unit or unit_of(name),
        says=row.says,
        start=default,
        low=float(row.low or "nan"),
        high=float(row.high or "nan"),
        logarithmic=row.scale == LOGARITHMIC,
    )
    begins = row.start or (made.choices[0] if made.choices and default is None else "")
    if not begins:
        return made
    values = {one: getattr(made, one) for one in Argument.__slots__}
    return Argument(**{**values, "start": made.read(begins)})


def _taken(hint: Any) -> tuple[type[Any], bool, bool]:  # noqa: ANN401 - a type
    """Say of a type what one of it is, whether it is a list, and whether it may be None."""
    inside = typing.get_args(hint)
    if isinstance(hint, types.UnionType):
        (kind,) = (one for one in inside if one is not types.NoneType)
        return kind, False, True
    return (inside[0], True, False) if inside else (hint, False, False)
