"""Measures of this lab's own: how many were sold, where, and how many of them twice."""

from functools import partial

from harness.measures.windows import requests_due
from harness.model.expect import Measure, Reads
from harness.recording import Recording

YES, NO = "sold", "none left"
"""What a buyer is told."""


def sold(start_s: float, end_s: float) -> Measure:
    """Count what was sold to buyers who came in a window."""

    def compute(recording: Recording) -> float:
        return sum(one.answer == YES for one in requests_due(recording, start_s, end_s))

    return Measure(
        name=f"sold, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=sold,
        reads=Reads(window=(start_s, end_s), answers=True),
    )


def least_sold(edges: tuple[str, ...], start_s: float, end_s: float) -> Measure:
    """Count what each edge sold to buyers who came in a window, and give the least of these."""

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        return min(sum(one.answer == YES and one.to == edge for one in due) for edge in edges)

    return Measure(
        name=f"least sold of {', '.join(edges)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(least_sold, edges),
        reads=Reads(window=(start_s, end_s), hosts=edges, answers=True),
    )


def sold_twice(stock: int, start_s: float, end_s: float) -> Measure:
    """Count what was sold in a window beyond a stock; 0 where less was sold."""

    def compute(recording: Recording) -> float:
        return max(0, sold(start_s, end_s).compute(recording) - stock)

    return Measure(
        name=f"sold twice of {stock}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(sold_twice, stock),
        reads=Reads(window=(start_s, end_s), answers=True),
    )


def sent_away_ratio(to: str, start_s: float, end_s: float) -> Measure:
    """Share of a place's buyers due in a window who were told that none is left."""

    def compute(recording: Recording) -> float:
        due = [one for one in requests_due(recording, start_s, end_s) if one.to == to]
        return sum(one.answer == NO for one in due) / len(due)

    return Measure(
        name=f"sent away from {to}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(sent_away_ratio, to),
        reads=Reads(window=(start_s, end_s), hosts=(to,), answers=True),
        is_share=True,
    )
