"""How far a slider goes for a setting: round the value that the lab gives it, as far as is taken.

What a service takes is asked of its own checks, by trying.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.server import load, settings_of
from services.settings import SettingError, value_of

FEW = 8
"""How far a count goes, at least."""
OF_NONE = 1000.0
"""How far a time or rate goes that the lab has switched off."""
UNITS = ("ms", "s", "us", "rps", "kbps", "bytes", "mib")
"""Ends of the names of what is neither a count nor a share."""
TIMES = 4
STEPS = 80
HALVINGS = 12
PART = 0.5
BEYOND_ALL = 1.5
"""What a share cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The ends of a slider and its steps."""

    min: float
    max: float
    step: float


def range_of(app: str, given: Mapping[str, Any], name: str) -> Range | None:
    """Give the slider of a setting of a service; None where it is no number."""
    return _range(app, tuple(given.items()), name)


@lru_cache(maxsize=2000)
def _range(app: str, items: tuple[tuple[str, Any], ...], name: str) -> Range | None:
    module, given = load(app), dict(items)
    value = value_of(settings_of(module, given), name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None

    def takes(tried: float) -> bool:
        try:
            settings_of(module, {**given, name: tried})
        except SettingError:
            return False
        return True

    is_whole = isinstance(value, int) and not takes(value + PART)
    wanted = min(1, value) if is_whole else value / TIMES
    low = min(0, value) if takes(0) else _toward(wanted, value, takes, is_whole=is_whole)
    if name.replace(".", "_").rpartition("_")[2] in UNITS:
        most = _toward(TIMES * value if value else OF_NONE, value, takes, is_whole=is_whole)
        step = (most - low) / STEPS
        return Range(min=low, max=most, step=max(1, round(step)) if is_whole else step or 1)
    if is_whole:
        return Range(
            min=low, max=_toward(max(FEW, 2 * value), value, takes, is_whole=is_whole), step=1
        )
    if value <= 1 and (not value or not takes(BEYOND_ALL)):
        return Range(min=low, max=_toward(1.0, value, takes, is_whole=False), step=0.05)
    most = _toward(TIMES * value, value, takes, is_whole=is_whole)
    return Range(min=low, max=most, step=(most - low) / STEPS or 1)


def _toward(
    wanted: float, value: float, takes: Callable[[float], bool], *, is_whole: bool
) -> float:
    """Give what is wanted, or as much of the way there as is taken."""
    for _ in range(HALVINGS):
        wanted = int(wanted) if is_whole else wanted
        if takes(wanted):
            return wanted
        wanted = (wanted + value) / 2
    return value
