"""How old what readers see is, told from answers alone.

A load writes by `PUT <prefix>/<key>/<value>` and reads by `GET <prefix>/<key>`, whose answer holds
the values that stand, separated by spaces; no value is written twice (`{number}`). A read has
*missed* a write that was acknowledged before the read was sent, unless its answer holds that
write's value, or one that was not acknowledged before that write was sent: what is concurrent may
stand in any order. Source: Bailis and others, "Probabilistically Bounded Staleness" (VLDB 2012).
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from harness.measures.requests import quantile_of
from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording, Request


class Seen(NamedTuple):
    """What one read has missed: how many writes, and how long the oldest had been acknowledged."""

    missed: int
    age_s: float


def stale_ratio(prefix: str, start_s: float, end_s: float) -> Measure:
    """Share of the reads due in a window that had missed an acknowledged write, 0 to 1."""

    def compute(recording: Recording) -> float:
        seen = list(reads(recording, prefix, start_s, end_s))
        return sum(one.missed > 0 for one in seen) / len(seen)

    return Measure(
        name=f"stale reads of {prefix}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: stale_ratio(prefix, start_s, end_s),
        reads=_reads(prefix, start_s, end_s),
        is_share=True,
    )


def staleness_ms(prefix: str, quantile: float, start_s: float, end_s: float) -> Measure:
    """Take a quantile of how old reads were: 0 for those that had missed nothing."""

    def compute(recording: Recording) -> float:
        seen = reads(recording, prefix, start_s, end_s)
        return 1000 * quantile_of((one.age_s for one in seen), quantile)

    return Measure(
        name=f"p{100 * quantile:g} staleness of {prefix}, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=lambda start_s, end_s: staleness_ms(prefix, quantile, start_s, end_s),
        reads=_reads(prefix, start_s, end_s),
    )


def reads(recording: Recording, prefix: str, start_s: float, end_s: float) -> Iterator[Seen]:
    """Give what each good read due in a window has missed, of keys that were written before it.

    Raises:
        NoDataError: there is no such read.

    """
    check_window(recording, start_s, end_s)
    writes = _writes(recording, prefix)
    found = False
    for one in recording.due(start_s, end_s):
        if one.method != "GET" or not one.good or not one.path.startswith(f"{prefix}/"):
            continue
        key = one.path.removeprefix(f"{prefix}/")
        if any(write.answered_s <= one.sent_s for write in writes[key].values()):
            found = True
            yield _seen(one, writes[key])
    if not found:
        raise NoDataError(
            f"no read of a key under {prefix} that was written before, in {start_s:g}-{end_s:g} s"
        )


def _writes(recording: Recording, prefix: str) -> dict[str, dict[str, Request]]:
    """Give all writes by their keys and values, also those that were not acknowledged."""
    found: dict[str, dict[str, Request]] = defaultdict(dict)
    for one in recording.requests:
        if one.method == "PUT" and one.path.startswith(f"{prefix}/"):
            key, _, value = one.path.removeprefix(f"{prefix}/").rpartition("/")
            found[key][value] = one
    return found


def _seen(read: Request, writes: dict[str, Request]) -> Seen:
    told = [writes[value] for value in read.answer.split() if value in writes]
    ages = [
        read.sent_s - write.answered_s
        for write in writes.values()
        if write.good and write.answered_s <= read.sent_s and not _is_told(write, told)
    ]
    return Seen(len(ages), max(ages, default=0.0))


def _is_told(write: Request, told: list[Request]) -> bool:
    """Say whether an answer holds a write, or one that may have come after it."""
    return any(
        one is write or not one.good or math.isnan(one.answered_s) or one.answered_s > write.sent_s
        for one in told
    )


def _reads(prefix: str, start_s: float, end_s: float) -> Reads:
    return Reads(window=(start_s, end_s), paths=(f"{prefix}/",), answers=True)
