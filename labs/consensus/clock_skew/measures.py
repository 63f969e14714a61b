"""Measures over a history of writes to registers, each of which its clients number.

A client writes by `PUT <path>?value=<number>`, numbers ascending in time, and the answer's text is
the number that the register holds then. The load must `keep_answers`. An answer that is older than
the write itself says that the write was acknowledged and is gone: a lost update.
"""

import math
from collections.abc import Iterable, Iterator
from functools import partial

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Plot, Reads
from harness.recording import Recording, Request


def lost_update_ratio(start_s: float, end_s: float) -> Measure:
    """Share of the acknowledged writes due in a window that were lost, 0 to 1."""

    def compute(recording: Recording) -> float:
        writes = list(_acknowledged(requests_due(recording, start_s, end_s)))
        if not writes:
            raise NoDataError(f"no write due in {start_s:g}-{end_s:g} s was acknowledged")
        for write in writes:
            if math.isnan(_kept(write)):
                raise NoDataError(f"{write.path} answered {write.answer!r}, which is no number")
        return sum(map(_is_lost, writes)) / len(writes)

    return Measure(
        name=f"acknowledged writes lost, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lost_update_ratio,
        reads=Reads(window=(start_s, end_s), answers=True),
        is_share=True,
    )


def share_of_lost(host: str, start_s: float, end_s: float) -> Measure:
    """Of the acknowledged writes due in a window that were lost, those sent to a host, 0 to 1."""

    def compute(recording: Recording) -> float:
        writes = _acknowledged(requests_due(recording, start_s, end_s))
        asked = [write.to for write in writes if _is_lost(write)]
        if not asked:
            raise NoDataError(f"no acknowledged write due in {start_s:g}-{end_s:g} s was lost")
        return asked.count(host) / len(asked)

    return Measure(
        name=f"lost writes that {host} took, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(share_of_lost, host),
        reads=Reads(window=(start_s, end_s), hosts=(host,), answers=True),
        is_share=True,
    )


def lost_updates() -> Plot:
    """Plot the acknowledged writes a second, and those of them that were lost."""
    return Plot(
        title="Acknowledged writes, and lost ones",
        unit="/s",
        of=_by_second,
        reads=Reads(answers=True),
    )


def _by_second(recording: Recording) -> dict[str, list[float]]:
    acknowledged = [0.0] * math.ceil(recording.duration_s)
    lost = list(acknowledged)
    for write in _acknowledged(recording.requests):
        acknowledged[int(write.intended_s)] += 1
        lost[int(write.intended_s)] += _is_lost(write)
    return {"acknowledged": acknowledged, "lost": lost}


def _acknowledged(requests: Iterable[Request]) -> Iterator[Request]:
    return (request for request in requests if request.method == "PUT" and request.good)


def _is_lost(write: Request) -> bool:
    return _kept(write) < write.number


def _kept(write: Request) -> float:
    """Give the number that a register held after a write; NaN where its answer is none."""
    text = write.answer.strip()
    return int(text) if text.isdecimal() else math.nan
