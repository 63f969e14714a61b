"""How runs are handed out: those of a cell together, the last ones one by one."""

import pytest

from harness.sweep.cells import MOST_TOGETHER, Run, batches, singly_at_last


def runs(cells: int, seeds: int) -> list[Run]:
    return [
        Run(slug="a", variant="b", settings=(f"c.d={cell}",), measure="verdict", seed=seed)
        for seed in range(seeds)
        for cell in range(cells)
    ]


def test_runs_of_a_cell_are_together_but_not_too_many() -> None:
    """Its lab is loaded once for them, and a search still has work for every process."""
    work = batches(runs(3, 6))
    assert all(len({run.settings for run in batch}) == 1 for batch in work)
    assert [len(batch) for batch in work] == [4, 2] * 3
    assert max(map(len, work)) == MOST_TOGETHER


@pytest.mark.parametrize("processes", [1, 2, 3, 16])
def test_the_last_batches_are_taken_apart(processes: int) -> None:
    """Two for each process, or all of them; every run is still there, in its order."""
    work = batches(runs(10, 3))
    given = singly_at_last(work, processes)
    whole = max(0, 10 - 2 * processes)
    assert [len(batch) for batch in given] == [3] * whole + [1] * (30 - 3 * whole)
    assert [run for batch in given for run in batch] == [run for batch in work for run in batch]
