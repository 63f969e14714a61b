"""Measures of this lab's own: messages that nobody got, their age, and for how long one is held."""

import math
from itertools import pairwise

from harness.measures.gauges import samples
from harness.measures.series import increase
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

HEARD, WRITTEN, AGE, HELD = "heard_total", "written_total", "heard_seconds_total", "held"


def lost_ratio(start_s: int, end_s: int) -> Measure:
    """Share of the messages written between two seconds of a run that nobody has got, 0 to 1."""
    written, heard = (increase(metric, start_s, end_s) for metric in (WRITTEN, HEARD))

    def compute(recording: Recording) -> float:
        count = written.compute(recording)
        if not count:
            raise NoDataError(f"no message was written in {start_s:g}-{end_s:g} s")
        return max(0.0, 1 - heard.compute(recording) / count)

    return Measure(
        name=f"written to nobody, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: lost_ratio(int(start_s), int(end_s)),
        reads=Reads(window=(start_s, end_s), metrics=(WRITTEN, HEARD)),
        is_share=True,
    )


def age_s(start_s: int, end_s: int) -> Measure:
    """Mean time from a message's coming until its reader has it, in seconds."""
    ages, heard = (increase(metric, start_s, end_s) for metric in (AGE, HEARD))

    def compute(recording: Recording) -> float:
        count = heard.compute(recording)
        if not count:
            raise NoDataError(f"no message was heard in {start_s:g}-{end_s:g} s")
        return ages.compute(recording) / count

    return Measure(
        name=f"age of messages, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=lambda start_s, end_s: age_s(int(start_s), int(end_s)),
        reads=Reads(window=(start_s, end_s), metrics=(AGE, HEARD)),
    )


def held_for_s(place: str, start_s: int, end_s: int) -> Measure:
    """Mean time for which a connection that was there at a second is held, in seconds.

    At most until the other second. Samples are a second apart, and joined by straight lines.
    """
    labels = f'place="{place}"'

    def compute(recording: Recording) -> float:
        there = samples(recording, HELD, start_s, end_s, labels)
        if not there[0]:
            raise NoDataError(f"nothing was held for {place} at {start_s:g} s")
        return math.fsum((one + next_one) / 2 for one, next_one in pairwise(there)) / there[0]

    return Measure(
        name=f"held for {place}, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=lambda start_s, end_s: held_for_s(place, int(start_s), int(end_s)),
        reads=Reads(window=(start_s, end_s), metrics=(HELD,)),
    )
