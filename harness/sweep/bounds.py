"""A bound that a person writes: `<=0.9`, `>=100`, `<inf` for a time that must not be endless."""

import math
import re

from harness.errors import LabError
from harness.model.expect import Bound
from harness.sweep.axes import NUMBER

FORM = re.compile(rf"\s*(<=|>=|<|>)\s*({NUMBER}|inf)\s*")


def bound(text: str) -> Bound:
    """Read a bound.

    Raises:
        LabError: it is none.

    """
    found = FORM.fullmatch(text)
    if not found:
        raise LabError(f"--until {text}: write <=, <, >= or > and a number, as in '<=0.9'")
    sign, edge = found[1], float(found[2])
    if sign == "<":
        return Bound(at_most=math.nextafter(edge, -math.inf))
    if sign == ">":
        return Bound(at_least=math.nextafter(edge, math.inf))
    return Bound(at_most=edge) if sign == "<=" else Bound(at_least=edge)


def said(text: str) -> str:
    """Write a bound for a person."""
    found = FORM.fullmatch(text)
    words = {"<=": "≤", ">=": "≥"}
    return f"{words.get(found[1], found[1])} {found[2]}" if found else text
