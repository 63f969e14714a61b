"""Measures of this lab's own: how far failures go, by what the drills' answers say."""

import re
from functools import partial
from statistics import fmean

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

DRILL = re.compile(r"(\d+) of (\d+) failed")


def shares(recording: Recording, start_s: float, end_s: float) -> list[float]:
    """Give the share of services that failed in each drill of a window.

    Raises:
        NoDataError: there was none.

    """
    due = requests_due(recording, start_s, end_s)
    told = [found for one in due if (found := DRILL.match(one.answer))]
    if not told:
        raise NoDataError(f"no answer tells of a drill in {start_s:g}-{end_s:g} s")
    return [int(failed) / int(services) for failed, services in map(re.Match.groups, told)]


def reached_share(start_s: float, end_s: float) -> Measure:
    """Mean share of services that one failure takes along, itself included, 0 to 1."""
    return Measure(
        name=f"services that one failure takes, {start_s:g}-{end_s:g} s",
        compute=lambda recording: fmean(shares(recording, start_s, end_s)),
        over=reached_share,
        reads=Reads(window=(start_s, end_s), answers=True),
        is_share=True,
    )


def large_share(above: float, start_s: float, end_s: float) -> Measure:
    """Share of the failures that take more than a share of the services along, 0 to 1."""
    return Measure(
        name=f"failures that take over {100 * above:g} %, {start_s:g}-{end_s:g} s",
        compute=lambda recording: fmean(
            share > above for share in shares(recording, start_s, end_s)
        ),
        over=partial(large_share, above),
        reads=Reads(window=(start_s, end_s), answers=True),
        is_share=True,
    )
