"""Effects: what clients were told is done, held against what is there in the end.

A load asks for each thing once, by a path that ends in its name (`POST /orders/{number}`), and
reads the list of all that is there now and then. The last good list of the run is what is there.
*Lost* is what a client was told is done and is not listed; *unasked* is listed although nobody was
told so: done after all, or never asked for; *twice* is listed more than once. Asked for within the
window only; the list must be of after it. Source: Jepsen's set and bank checkers.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


class Effects(NamedTuple):
    """The names of things: told as done, asked for at all, and how often each is listed."""

    told: frozenset[str]
    asked: frozenset[str]
    listed: Counter[str]


def lost(prefix: str, listing: str, start_s: float, end_s: float) -> Measure:
    """Count what clients were told is done and the last list does not have."""
    return _count("told and not listed", prefix, listing, (start_s, end_s), _lost)


def untold(prefix: str, listing: str, start_s: float, end_s: float) -> Measure:
    """Count what is listed although its client was told that it failed, or nothing."""
    return _count("listed and not told", prefix, listing, (start_s, end_s), _untold)


def twice(prefix: str, listing: str, start_s: float, end_s: float) -> Measure:
    """Count what was asked for once and is listed more often."""
    return _count("listed more than once", prefix, listing, (start_s, end_s), _twice)


def effects(
    recording: Recording, prefix: str, listing: str, start_s: float, end_s: float
) -> Effects:
    """Give what was asked for in a window, and what the last good list of the run has.

    Raises:
        NoDataError: nothing was asked for, or no good list came after the window's last answer.

    """
    due = requests_due(recording, start_s, end_s, f"{prefix}/")
    asked = [one for one in due if one.method != "GET"]
    if not asked:
        raise NoDataError(f"nothing was asked for under {prefix} in {start_s:g}-{end_s:g} s")
    lists = [
        one
        for one in recording.requests
        if one.method == "GET" and one.path == listing and one.good
    ]
    last = max(lists, key=lambda one: one.sent_s, default=None)
    ends = [one.answered_s for one in asked if not math.isnan(one.answered_s)]
    ends_s = max(ends, default=start_s)
    if last is None or last.sent_s < ends_s:
        raise NoDataError(f"no good list of {listing} was asked for after {ends_s:.3g} s")
    name = len(f"{prefix}/")
    return Effects(
        told=frozenset(one.path[name:] for one in asked if one.good),
        asked=frozenset(one.path[name:] for one in asked),
        listed=Counter(last.answer.split()),
    )


def _lost(found: Effects) -> int:
    return len(found.told - found.listed.keys())


def _untold(found: Effects) -> int:
    return len((found.asked - found.told) & found.listed.keys())


def _twice(found: Effects) -> int:
    return sum(found.listed[name] > 1 for name in found.asked)


def _count(
    words: str,
    prefix: str,
    listing: str,
    window: tuple[float, float],
    count: Callable[[Effects], int],
) -> Measure:
    start_s, end_s = window

    def compute(recording: Recording) -> float:
        return count(effects(recording, prefix, listing, start_s, end_s))

    return Measure(
        name=f"{prefix}: {words}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: _count(words, prefix, listing, (start_s, end_s), count),
        reads=Reads(window=(start_s, end_s), paths=(f"{prefix}/", listing), answers=True),
    )
