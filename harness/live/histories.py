"""The history of a run as its clients saw it: reads and writes, and what cannot be.

Two shapes of load tell it, if the load keeps answers. A set that only grows: `PUT <place>/<member>`
adds one, `GET <place>` lists all. A list that lacks what had been acknowledged before it was asked
for is an anomaly, and so is a write that the last list lacks. A register whose writers count up:
`PUT <path>?value=<number>` is answered with what it then holds; an older number is an anomaly.

Source: the set and register workloads of Kingsbury's Jepsen, https://jepsen.io.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from harness.recording import Request

READ, WRITE = "read", "write"
SAID_LETTERS = 40
TOLD = 5
"""How many members an anomaly names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request as its client saw it; `anomaly` says what is wrong with it, "" if nothing is.

    `answered_s` is None where no answer came, `said` the beginning of the answer.
    """

    number: int
    kind: str
    host: str
    what: str
    sent_s: float
    answered_s: float | None
    good: bool
    status: str
    said: str
    anomaly: str = ""


def history(requests: Sequence[Request], since_s: float) -> list[Operation]:
    """Give the operations that were sent since a moment, in their order, with anomalies marked."""
    marks = dict(_of_sets(requests, since_s))
    marks |= dict(_of_registers(requests))
    found = (_operation(one) for one in requests if one.sent_s >= since_s)
    return [replace(one, anomaly=marks.get(one.number, "")) for one in found]


def _operation(one: Request) -> Operation:
    said = one.answer.strip()
    return Operation(
        number=one.number,
        kind=READ if one.method == "GET" else WRITE,
        host=one.to,
        what=f"{one.method} {one.path}",
        sent_s=one.sent_s,
        answered_s=None if math.isnan(one.answered_s) else one.answered_s,
        good=one.good,
        status=one.status,
        said=said if len(said) <= SAID_LETTERS else f"{said[:SAID_LETTERS]}\N{HORIZONTAL ELLIPSIS}",
    )


def _of_sets(requests: Sequence[Request], since_s: float) -> Iterator[tuple[int, str]]:
    """Mark lists that lack members, and writes that the last list of their place lacks."""
    writes: defaultdict[str, list[Request]] = defaultdict(list)
    lists: defaultdict[str, list[Request]] = defaultdict(list)
    for one in requests:
        if one.good and one.method == "PUT":
            writes[one.path.rpartition("/")[0]].append(one)
        elif one.good and one.method == "GET":
            lists[one.path].append(one)
    for place, kept in writes.items():
        yield from _of_set(kept, lists[place], since_s)


def _of_set(
    writes: list[Request], lists: list[Request], since_s: float
) -> Iterator[tuple[int, str]]:
    kept = sorted(writes, key=lambda write: write.answered_s)
    times = [write.answered_s for write in kept]
    last = max(lists, key=lambda read: read.sent_s, default=None)
    for read in lists:
        if read.sent_s < since_s and read is not last:
            continue
        listed = set(read.answer.split())
        before = kept[: bisect_right(times, read.sent_s)]
        missed = [write for write in before if _member(write) not in listed]
        if missed:
            some = ", ".join(map(_member, missed[:TOLD])) + (" \u2026" if missed[TOLD:] else "")
            lacks = f"it lacks {len(missed)} of {len(before)} writes that were acknowledged before"
            yield read.number, f"{lacks}: {some}"
        if read is last:
            lacks = f"it was acknowledged, and the last list ({read.sent_s:.3f} s) lacks it"
            yield from ((write.number, lacks) for write in missed)


def _member(write: Request) -> str:
    return write.path.rpartition("/")[2]


def _of_registers(requests: Sequence[Request]) -> Iterator[tuple[int, str]]:
    """Mark acknowledged writes whose answer is an older number than their own."""
    for one in requests:
        given = parse_qs(urlsplit(one.path).query).get("value", [""])[0]
        held = one.answer.strip()
        is_told = one.method == "PUT" and one.good and given.isdecimal() and held.isdecimal()
        if is_told and int(held) < int(given):
            yield one.number, f"{given} was acknowledged, and the register then holds {held}"
