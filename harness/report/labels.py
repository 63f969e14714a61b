"""Where labels go in a panel, so that none lies on another: arithmetic without any drawing."""

import math
from collections.abc import Sequence

from harness.recording import FaultRecord
from harness.report.panels import Trace
from harness.report.text import cut

LETTERS = 42
"""How many letters of a fault's name fit over a panel, about."""
LONGEST = 32


def points(trace: Trace, *, steps: bool) -> tuple[list[float], list[float]]:
    """Give a curve's points: in the middle of each second, or at its start for steps."""
    ys = list(trace.values)
    if steps:
        return [float(second) for second in range(len(ys) + 1)], [*ys, *ys[-1:]]
    return [second + 0.5 for second in range(len(ys))], ys


def last_point(trace: Trace, *, steps: bool) -> tuple[float, float]:
    """Give the last point of a curve that has a value."""
    xs, ys = points(trace, steps=steps)
    return [(x, y) for x, y in zip(xs, ys, strict=True) if not math.isnan(y)][-1]


def paired(traces: Sequence[Trace], heights: Sequence[float], gap: float) -> list[float]:
    """Say where labels would best be: those of one quantity next to each other if they can."""
    first: dict[str, float] = {}
    wanted = []
    for place, (trace, y) in enumerate(zip(traces, heights, strict=True)):
        other = first.setdefault(trace.quantity, y)
        hair = gap / 1000 if y > other else -gap / 1000
        is_near = abs(other - y) < 2 * gap
        wanted.append((other + hair if is_near else y) - place * gap / 10_000)
    return wanted


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until none is nearer than `gap` to the next, in their order.

    They stay as near as can be to what was wanted, as groups that move together when they touch,
    and between `low` and `high` if there is room.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])

    def start(group: list[float]) -> float:
        middle = sum(group) / len(group) - gap * (len(group) - 1) / 2
        return max(low, min(middle, high - gap * (len(group) - 1)))

    groups: list[list[float]] = []
    for index in order:
        groups.append([wanted[index]])
        while len(groups) > 1 and start(groups[-1]) < start(groups[-2]) + gap * len(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [start(group) + gap * place for group in groups for place in range(len(group))]
    return [place for _, place in sorted(zip(order, placed, strict=True))]


def longest_gap(curves: Sequence[Sequence[float]]) -> tuple[int, int]:
    """Find the longest run of seconds in which no curve has a value: its start and length."""
    best, length = (0, 0), 0
    for second, values in enumerate(zip(*curves, strict=True)):
        length = length + 1 if all(map(math.isnan, values)) else 0
        if length > best[1]:
            best = (second + 1 - length, length)
    return best


def name_of(fault: FaultRecord) -> str:
    """Give a fault's name, not longer than there is room for over a panel."""
    return cut(fault.name, LONGEST)


def _reach_s(fault: FaultRecord, duration_s: float) -> float:
    """Give how far the name of a fault goes to either side of its middle."""
    letters = len(name_of(fault))
    return letters / 2 / LETTERS * duration_s


def middle_s(fault: FaultRecord, duration_s: float) -> float:
    """Give the middle of a fault's name: over the fault, but within the panel."""
    reach_s = _reach_s(fault, duration_s)
    middle_s = (fault.start_s + fault.end_s) / 2
    return min(max(middle_s, reach_s), max(reach_s, duration_s - reach_s))


def stagger(faults: Sequence[FaultRecord], duration_s: float) -> list[list[FaultRecord]]:
    """Put the names of faults into as few rows as keep them from overlapping."""
    rows: list[list[FaultRecord]] = []
    for fault in sorted(faults, key=lambda fault: fault.start_s):
        left_s = middle_s(fault, duration_s) - _reach_s(fault, duration_s)
        for row in rows:
            if middle_s(row[-1], duration_s) + _reach_s(row[-1], duration_s) < left_s:
                row.append(fault)
                break
        else:
            rows.append([fault])
    return rows
