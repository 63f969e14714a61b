"""Shares: who gets how much of what there is, where a tenant or class is the beginning of a path.

Source of the index: Jain, Chiu, Hawe, "A Quantitative Measure of Fairness" (DEC TR-301, 1984).
"""

import math
from functools import partial

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def share_of(path: str, start_s: float, end_s: float) -> Measure:
    """Share of all good answers, to requests due in a window, that those of one tenant are."""

    def compute(recording: Recording) -> float:
        good = [one.path for one in requests_due(recording, start_s, end_s) if one.good]
        if not good:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s got a good answer")
        return sum(one.startswith(path) for one in good) / len(good)

    return Measure(
        name=f"share of {path} in good answers, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(share_of, path),
        reads=Reads(window=(start_s, end_s), paths=(path,)),
        is_share=True,
    )


def fairness(*paths: str, start_s: float, end_s: float) -> Measure:
    """Jain's index of the good answers of several tenants: 1 when all are alike, 1/n for one alone.

    It is that of the share of its own requests that each tenant gets answered well.
    """

    def compute(recording: Recording) -> float:
        due = [requests_due(recording, start_s, end_s, path) for path in paths]
        shares = [sum(one.good for one in requests) / len(requests) for requests in due]
        if not any(shares):
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s got a good answer")
        return math.fsum(shares) ** 2 / (len(shares) * math.fsum(one * one for one in shares))

    return Measure(
        name=f"fairness between {', '.join(paths)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: fairness(*paths, start_s=start_s, end_s=end_s),
        reads=Reads(window=(start_s, end_s), paths=paths),
        is_share=True,
    )
