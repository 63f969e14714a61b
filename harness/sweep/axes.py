"""Axes of a sweep: a setting and its values, as a person writes them.

checkout.tries=1..5              whole numbers, one by one
load.rate_rps=20..100:10         in steps of 10
load.rate_rps=10..1000*10        each ten times the one before: 10, 100, 1000
cache.ttl_s=log:0.1..100:7       seven values, each the same times as large as the one before
checkout.jitter=none,equal,full  a list, of numbers or words
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from harness.errors import LabError

Value = int | float | str
MOST_VALUES = 200
"""How many values one axis may have: more than a picture can show."""
LOG = "log:"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})(?:([:*])({NUMBER}))?")
FORMS = "1..5, 20..100:10, 1..1000*10, log:0.1..100:7, or a list such as 1,2,4"
DIGITS = 6
"""To how many digits values between the ends of a logarithmic axis are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A setting, its values (numbers ascending, words as listed), and whether steps are factors."""

    name: str
    values: tuple[Value, ...]
    is_log: bool = False

    @property
    def said(self) -> str:
        """Write the axis as a list, which gives the same values."""
        values = (assignment("", value).removeprefix("=") for value in self.values)
        return f"{self.name}={','.join(values)}"

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers, so that they have an order and places between them."""
        return all(not isinstance(value, str) for value in self.values)

    def assignment(self, value: Value) -> str:
        """Write one value as `--set` takes it."""
        return assignment(self.name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A setting and the range in which a value of it is looked for."""

    name: str
    low: int | float
    high: int | float
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are looked at: both ends were written as such."""
        return isinstance(self.low, int) and isinstance(self.high, int)


def assignment(name: str, value: Value) -> str:
    """Write a setting's value as `--set` takes it."""
    return f"{name}={value if isinstance(value, str) else json.dumps(value)}"


def axis(text: str) -> Axis:
    """Read `setting=values`.

    Raises:
        LabError: it cannot be read, or there are none or too many values.

    """
    name, written = _halves("--vary", text)
    is_log, rest = written.startswith(LOG), written.removeprefix(LOG)
    if ".." not in rest:
        if is_log:
            raise LabError(f"--vary {text}: after log: comes a range, as in log:0.1..100:7")
        return Axis(name=name, values=_listed(text, rest))
    low, high, sign, step = _range("--vary", text, rest)
    if is_log:
        return Axis(name=name, values=_logarithmic(text, low, high, sign, step), is_log=True)
    if sign == "*":
        return Axis(name=name, values=_multiplied(text, low, high, step), is_log=True)
    return Axis(name=name, values=_stepped(text, low, high, step))


def span(text: str) -> Span:
    """Read `setting=low..high`, or `setting=log:low..high`, for a search.

    Raises:
        LabError: it cannot be read, or has steps, which a search does not need.

    """
    name, written = _halves("--find", text)
    is_log, rest = written.startswith(LOG), written.removeprefix(LOG)
    low, high, sign, _ = _range("--find", text, rest)
    if sign:
        raise LabError(f"--find {text}: a search needs no steps; write {name}={low}..{high}")
    if is_log and low <= 0:
        raise LabError(f"--find {text}: a logarithmic range begins above 0")
    return Span(name=name, low=_plain(low), high=_plain(high), is_log=is_log)


def _halves(option: str, text: str) -> tuple[str, str]:
    name, equals, written = text.partition("=")
    if not (name.strip() and equals and written.strip()):
        raise LabError(f"{option} {text}: write setting=values, as in checkout.tries=1..5")
    return name.strip(), written.strip()


def _range(option: str, text: str, written: str) -> tuple[Decimal, Decimal, str, Decimal | None]:
    found = RANGE.fullmatch(written)
    if not found:
        raise LabError(f"{option} {text}: {written!r} is no range; write {FORMS}")
    low, high = Decimal(found[1]), Decimal(found[2])
    if low >= high:
        raise LabError(f"{option} {text}: the first value must be below the last")
    return low, high, found[3] or "", Decimal(found[4]) if found[4] else None


def _listed(text: str, written: str) -> tuple[Value, ...]:
    values = tuple(_item(item.strip()) for item in written.split(","))
    if "" in values:
        raise LabError(f"--vary {text}: there is nothing between two commas, or at an end")
    if len(set(values)) < len(values):
        raise LabError(f"--vary {text}: a value is listed twice")
    _refuse_many(text, len(values))
    numbers = [value for value in values if not isinstance(value, str)]
    return tuple(sorted(numbers)) if len(numbers) == len(values) else values


def _item(item: str) -> Value:
    try:
        number = Decimal(item)
    except InvalidOperation:
        return item
    return _plain(number) if number.is_finite() else item


def _stepped(text: str, low: Decimal, high: Decimal, step: Decimal | None) -> tuple[Value, ...]:
    if step is None:
        if low % 1 or high % 1:
            raise LabError(f"--vary {text}: say how large the steps are, as in 0.1..0.5:0.1")
        step = Decimal(1)
    if step <= 0:
        raise LabError(f"--vary {text}: the step must be above 0")
    count = int((high - low) / step) + 1
    _refuse_many(text, count)
    return tuple(_plain(low + step * place) for place in range(count))


def _multiplied(text: str, low: Decimal, high: Decimal, by: Decimal | None) -> tuple[Value, ...]:
    assert by is not None  # noqa: S101 - the sign comes with a number
    if by <= 1 or low <= 0:
        raise LabError(f"--vary {text}: begin above 0, and multiply by more than 1")
    _refuse_many(text, 1 + math.floor((math.log(high) - math.log(low)) / math.log(by)))
    return tuple(_products(low, high, by))


def _products(low: Decimal, high: Decimal, by: Decimal) -> Iterator[Value]:
    while low <= high:
        yield _plain(low)
        low *= by


def _logarithmic(
    text: str, low: Decimal, high: Decimal, sign: str, count: Decimal | None
) -> tuple[Value, ...]:
    if sign != ":" or count is None or count % 1 or count < 2:  # noqa: PLR2004 - both ends
        raise LabError(f"--vary {text}: say how many values, 2 or more, as in log:0.1..100:7")
    if low <= 0:
        raise LabError(f"--vary {text}: a logarithmic axis begins above 0")
    _refuse_many(text, int(count))
    ratio, last = float(high / low), int(count) - 1
    between = (
        _plain(Decimal(f"{float(low) * ratio ** (place / last):.{DIGITS}g}"))
        for place in range(1, last)
    )
    return (_plain(low), *between, _plain(high))


def _plain(number: Decimal) -> int | float:
    """Give a whole number as one if it is written so: a setting may count something."""
    return int(number) if number == number.to_integral_value() else float(number)


def _refuse_many(text: str, count: int) -> None:
    if count > MOST_VALUES:
        raise LabError(
            f"--vary {text}: {count} values; {MOST_VALUES} at most, so take larger steps"
        )
