"""Measures over a history of operations on a set that only grows, as its clients saw it.

A client adds a member by `PUT <place>/<member>`, and the answer names the leader that kept it; it
lists all members by `GET <place>`. The load must `keep_answers`. Nothing is ever removed, so what
was acknowledged and is not listed later was lost, whatever the order of operations was.

Source: the set workload of Kingsbury's Jepsen, https://jepsen.io.
"""

import math
from collections import defaultdict
from functools import partial

from harness.measures.plots import Curves, counts
from harness.measures.series import sampled
from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Plot, Reads
from harness.recording import Recording, Request


def lost_writes(place: str, start_s: float, end_s: float) -> Measure:
    """Count the writes due in a window that were acknowledged and are missing in the last list.

    No data when no write was acknowledged, or no list was read after the last fault: under a
    partition it may be one side's.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        if not _due(acknowledged(recording, place), start_s, end_s):
            raise NoDataError(f"no write due in {start_s:g}-{end_s:g} s was acknowledged")
        healed_s = max((fault.end_s for fault in recording.faults), default=0.0)
        last = last_list(recording, place)
        if last is None or last.sent_s < healed_s:
            raise NoDataError(f"no list of {place} was read after the last fault")
        return len(_due(lost(recording, place), start_s, end_s))

    return Measure(
        name=f"acknowledged writes that are lost, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(lost_writes, place),
        reads=Reads(window=(start_s, end_s), paths=(place,), answers=True),
    )


def rival_seconds(place: str, start_s: float, end_s: float) -> Measure:
    """Count the seconds from one to another in which more than one leader acknowledged writes."""

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        leaders: dict[int, set[str]] = defaultdict(set)
        for write in acknowledged(recording, place):
            if start_s <= write.answered_s < end_s:
                leaders[int(write.answered_s)].add(write.answer.strip())
        if not leaders:
            raise NoDataError(f"no write was acknowledged in {start_s:g}-{end_s:g} s")
        return sum(len(names) > 1 for names in leaders.values())

    return Measure(
        name=f"seconds with two leaders, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(rival_seconds, place),
        reads=Reads(window=(start_s, end_s), paths=(place,), answers=True),
    )


def rivals_in_office_s(start_s: float, end_s: float) -> Measure:
    """Count the seconds at which more than one member says that it is in office.

    Members are asked once a second, not all at one moment: a handover may count as one second.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        gauges = sampled(recording, "in_office", "").values()
        seconds = zip(*(values[int(start_s) : int(end_s)] for values in gauges), strict=True)
        known = [[value for value in values if not math.isnan(value)] for values in seconds]
        if not any(known):
            raise NoDataError(f"no sample of in_office in {start_s:g}-{end_s:g} s")
        return sum(math.fsum(values) > 1 for values in known)

    return Measure(
        name=f"seconds with two in office, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=rivals_in_office_s,
        reads=Reads(window=(start_s, end_s), metrics=("in_office",)),
    )


def writes_by_leader(place: str) -> Plot:
    """Plot the acknowledged writes a second by the leader that kept them, and those of them lost.

    What is lost comes second, after the first leader, so that it looks alike under all variants.
    """
    return Plot(
        title="Acknowledged writes",
        unit="/s",
        of=partial(_writes_by_leader, place),
        reads=Reads(paths=(place,), answers=True),
    )


def _writes_by_leader(place: str, recording: Recording) -> Curves:
    answered: dict[str, list[float]] = defaultdict(list)
    for write in acknowledged(recording, place):
        answered[write.answer.strip()].append(write.answered_s)
    first, *others = sorted(answered, key=lambda leader: min(answered[leader])) or [""]
    answered["lost"] = [write.answered_s for write in lost(recording, place)]
    names = [name for name in (first, "lost", *others) if name]
    return {name: counts(answered[name], recording) for name in names}


def _due(writes: list[Request], start_s: float, end_s: float) -> list[Request]:
    return [write for write in writes if start_s <= write.intended_s < end_s]


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
