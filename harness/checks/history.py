"""Measures over a history of operations on a set that only grows, as its clients saw it.

A client adds a member by `PUT <place>/<member>`, and the answer names the leader that kept it; it
lists all members by `GET <place>`. The load must `keep_answers`. Nothing is ever removed, so what
was acknowledged and is not listed later was lost, whatever the order of operations was.

Source: the set workload of Kingsbury's Jepsen, https://jepsen.io.
"""

import math
from collections import defaultdict

from harness.model.expect import Measure
from harness.recording import Recording, Request


def lost_writes(place: str, start_s: float, end_s: float) -> Measure:
    """Count the writes due in a window that were acknowledged and are missing in the last list.

    NaN when no list was read after the last fault: under a partition it may be one side's.
    """

    def of(recording: Recording) -> float:
        healed_s = max((fault.end_s for fault in recording.faults), default=0.0)
        last = last_list(recording, place)
        if last is None or last.sent_s < healed_s:
            return math.nan
        return sum(start_s <= write.intended_s < end_s for write in lost(recording, place))

    return Measure(
        name=f"acknowledged writes that are lost, {start_s:g}-{end_s:g} s",
        of=of,
        over=lambda start_s, end_s: lost_writes(place, start_s, end_s),
    )


def rival_seconds(place: str, start_s: float, end_s: float) -> Measure:
    """Count the seconds from one to another in which more than one leader acknowledged writes."""

    def of(recording: Recording) -> float:
        leaders: dict[int, set[str]] = defaultdict(set)
        for write in acknowledged(recording, place):
            if start_s <= write.answered_s < end_s:
                leaders[int(write.answered_s)].add(write.answer.strip())
        return sum(len(names) > 1 for names in leaders.values()) if leaders else math.nan

    return Measure(
        name=f"seconds with two leaders, {start_s:g}-{end_s:g} s",
        of=of,
        over=lambda start_s, end_s: rival_seconds(place, start_s, end_s),
    )


def acknowledged(recording: Recording, place: str) -> list[Request]:
    """Give the writes to which the answer was yes."""
    return [
        request
        for request in recording.requests
        if request.method == "PUT" and request.good and request.path.startswith(f"{place}/")
    ]


def last_list(recording: Recording, place: str) -> Request | None:
    """Give the good reading that was sent last, if there is one."""
    lists = [
        request
        for request in recording.requests
        if request.method == "GET" and request.good and request.path == place
    ]
    return max(lists, key=lambda reading: reading.sent_s, default=None)


def lost(recording: Recording, place: str) -> list[Request]:
    """Give the writes that had been acknowledged when the last list was asked for, and lacks."""
    last = last_list(recording, place)
    if last is None:
        return []
    listed = set(last.answer.split())
    return [
        write
        for write in acknowledged(recording, place)
        if write.answered_s <= last.sent_s and write.path.removeprefix(f"{place}/") not in listed
    ]
