"""Units of arguments and results, by the ending of their names, and values in words."""

import math
from collections.abc import Sequence
from enum import Enum

from harness.model.numbers import short, with_unit

SECONDS, PER_SECOND, SHARE = "seconds", "a second", "share"
ENDINGS = {
    "_mb_s": "megabytes a second",
    "_s": SECONDS,
    "_rps": PER_SECOND,
    "_ratio": SHARE,
    "_ratios": SHARE,
    "_share": SHARE,
    "_probability": SHARE,
    "_availability": SHARE,
    "_precision": SHARE,
    "quantile": "quantile",
    "_km": "kilometres",
    "_mb": "megabytes",
    "_erlangs": "erlangs",
}
"""What a name's ending says of its unit; the first that fits counts."""
MILLISECONDS_BELOW_S, MINUTES_FROM_S = 1.0, 120.0
SINGULAR = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("s", ""))
"""How a word of more than one ends, and how it ends for one."""
NEAR, LEAST_LACK = 0.01, 1e-12
"""How far below 1 a value counts as near to it."""
LEAST_PERCENT = 0.001
"""A smaller share is no easier to read in per cent."""
LONGER = ((86400 * 2, 86400, "days"), (3600 * 2, 3600, "hours"), (MINUTES_FROM_S, 60, "minutes"))

Plain = bool | int | float | Enum | None
Value = Plain | Sequence["Value"]
"""What a formula takes or gives."""


def unit_of(name: str) -> str:
    """Give the unit that a name's ending stands for; empty where it says none."""
    return next((unit for ending, unit in ENDINGS.items() if name.endswith(ending)), "")


def said(value: Value, unit: str) -> str:
    """Write a value with its unit in words; what is easier to read follows in brackets."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case int() | float():
            return _number(value, unit)
        case _:
            return counted(", ".join(plain(one) for one in value), value, unit)


def counted(text: str, value: Value, unit: str) -> str:
    """Put the unit's word after a value as it is written: one request, two requests."""
    if value is None or unit in (SHARE, "quantile", "unit"):
        return text  # a bare number
    word, gap, rest = unit.partition(" ")
    endings = ((many, one) for many, one in SINGULAR if word.endswith(many))
    if value == 1 and word not in (PER_SECOND.partition(" ")[0], "times"):
        many, one = next(endings, ("", ""))
        word = word.removesuffix(many) + one
    return with_unit(text, word + gap + rest)


def plain(value: Value) -> str:
    """Write a value without its unit, as it can be typed in again but for the digits left out."""
    match value:
        case bool() | None | Enum():
            return said(value, "")
        case int():
            return short(value) if abs(value) >= 10**9 else f"{value:,}"
        case float():
            return near_one(value)
        case _:
            return ", ".join(plain(one) for one in value)


def near_one(value: float, times: int = 1) -> str:
    """Write a value, or so many times it; one just below 1 with two digits of what it lacks."""
    lacks = 1 - value
    if not LEAST_LACK < lacks < NEAR:
        return short(times * value)
    digits = 1 - math.floor(math.log10(times * lacks))
    return f"{times * value:.{max(0, digits)}f}".rstrip("0")


def typed(value: Value) -> str:
    """Write a value as it is typed in: all digits, no spaces."""
    match value:
        case bool() | None | Enum():
            return said(value, "")
        case int() | float():
            return f"{value:.12g}"
        case _:
            return ",".join(typed(one) for one in value)


def _number(value: float, unit: str) -> str:
    text = counted(plain(value), value, unit)
    easier = _easier(value, unit)
    return f"{text} ({easier})" if easier else text


def _easier(value: float, unit: str) -> str:
    if unit == SHARE and (not value or LEAST_PERCENT <= abs(100 * value) < 10**9):
        return f"{near_one(value, 100)} %"
    if unit != SECONDS or not abs(value) < 10**12:
        return ""
    if 0 < abs(value) < MILLISECONDS_BELOW_S:
        return f"{short(1000 * value)} ms"
    for least_s, unit_s, name in LONGER:
        if abs(value) >= least_s:
            return f"{short(value / unit_s)} {name}"
    return ""
