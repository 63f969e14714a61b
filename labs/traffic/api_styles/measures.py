"""Measures of this lab's own: what a screen has asked for and got, as the phone says it."""

import re
from functools import partial
from statistics import fmean

from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

SAID = re.compile(r"(\d+) requests, (\d+) bytes")


def requests_of(path: str, start_s: float, end_s: float) -> Measure:
    """Mean number of requests of the screens due in a window."""
    return _said(1, "requests of a screen", "", path, start_s, end_s)


def kilobytes_of(path: str, start_s: float, end_s: float) -> Measure:
    """Mean size of what the screens due in a window have got, in kilobytes (1,000 bytes)."""
    return _said(2, "kilobytes of a screen", "kB", path, start_s, end_s)


def _said(  # noqa: PLR0913 - which figure of which screens
    group: int, name: str, unit: str, path: str, start_s: float, end_s: float
) -> Measure:
    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        found = [
            SAID.match(one.answer)
            for one in recording.due(start_s, end_s)
            if one.good and one.path == path
        ]
        figures = [int(said[group]) for said in found if said]
        if not figures:
            raise NoDataError(f"no screen of {path} was shown in {start_s:g}-{end_s:g} s")
        return fmean(figures) / (1000 if unit else 1)

    return Measure(
        name=f"{name}, {path}, {start_s:g}-{end_s:g} s",
        unit=unit,
        compute=compute,
        over=partial(_said, group, name, unit, path),
        reads=Reads(window=(start_s, end_s), paths=(path,), answers=True),
    )
