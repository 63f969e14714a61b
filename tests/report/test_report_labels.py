import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording import FaultRecord
from harness.report.labels import longest_gap, paired, points, spread, stagger
from harness.report.panels import Trace


def trace(quantity: str, *values: float, engine: str = "sim") -> Trace:
    return Trace(quantity=quantity, engine=engine, label=quantity, values=values)


@given(st.lists(st.floats(min_value=0, max_value=1), max_size=8))
def test_spread_labels_do_not_touch(wanted: list[float]) -> None:
    """Labels keep their distance, their order and their bounds while there is room."""
    placed = spread(wanted, 0.1, 0, 1)
    assert all(after - before >= 0.1 - 1e-9 for before, after in pairwise(sorted(placed)))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in placed)
    in_order = [place for _, place in sorted(zip(wanted, placed, strict=True))]
    assert in_order == sorted(placed)


def test_spread_leaves_alone_what_is_apart() -> None:
    """A label that has room stays where its curve ends."""
    assert spread([0.9, 0.1], 0.1, 0, 1) == pytest.approx([0.9, 0.1])


def test_labels_of_one_quantity_stay_together() -> None:
    """What was measured is named next to what was simulated, not beyond another curve's name."""
    traces = [trace("offered", 3), trace("goodput", 2), trace("goodput", 1, engine="compose")]
    offered, simulated, measured = paired(traces, [0.50, 0.52, 0.49], gap=0.1)
    assert offered < measured < simulated


def test_longest_gap_counts_seconds_without_any_value() -> None:
    """A gap is where all curves have none."""
    none = math.nan
    assert longest_gap([[1, none, none, none, 1], [1, 1, none, none, 1]]) == (2, 2)
    assert longest_gap([[1.0]]) == (0, 0)


def test_steps_end_with_the_run() -> None:
    """A stepped curve covers its last second to the end."""
    assert points(trace("goodput", 5, 6), steps=True) == ([0, 1, 2], [5, 6, 6])
    assert points(trace("p50", 5, 6), steps=False) == ([0.5, 1.5], [5, 6])


def test_names_of_faults_do_not_overlap() -> None:
    """Faults at the same time are named one above the other, others in one row."""
    faults = [
        FaultRecord(name=name, target="db", start_s=start_s, end_s=start_s + 1)
        for name, start_s in (("pause db", 5.0), ("kill db", 6.0), ("pause web", 20.0))
    ]
    rows = stagger(faults, 25)
    assert [[fault.name for fault in row] for row in rows] == [
        ["pause db", "pause web"],
        ["kill db"],
    ]
