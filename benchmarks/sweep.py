"""Times the map of retry-storm, holds it against theory, and has the retry budget found.

The map is 5 x 17 cells with 3 seeds each, on all cores: at most 60 s on two that have nothing else
to do, and its change within one cell of mu / (1 + m). The search is for the largest budget b with
which the queue shrinks: (1 + b) x rate = capacity, within 3 %. Nothing is kept, so all is run.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from harness import catalogue, store
from harness.cli.sweeping import Bench
from harness.cli.workers import cores
from harness.report import sweep_sentences
from harness.sweep import kept
from harness.sweep.asking import Wanted, grid_of, span_of, swept
from harness.sweep.grid import Cell, Swept
from harness.sweep.search import Search

SLUG = "retry-storm"
MOST_S = 60.0
MOST_CELLS = 1.0
MOST_OFF = 0.03
RATE_RPS, CAPACITY_RPS = 70, 100
BUDGET = "checkout.retry_budget=0.05..1"
SEEDS = 10
MEASURE = "backlog_growth_rps(10, 24)"


def whole_map(bench: Bench) -> Swept:
    """Do all runs of the map; give it."""
    asked, grid = grid_of(Wanted(slug=SLUG), catalogue.find(SLUG))
    by_place = {place: list(grid.runs(place)) for place in grid.places()}
    found = {
        one.run: one for one in bench.found([run for cell in by_place.values() for run in cell])
    }
    cells = {
        place: Cell(place=place, found=tuple(found[run] for run in all_of), holds=asked.holds)
        for place, all_of in by_place.items()
    }
    return swept(asked, grid, cells)


def the_map(bench: Bench) -> list[str]:
    """Draw the map; give what is not as it should be."""
    began_s, used_s = time.monotonic(), _used_s()
    drawn = whole_map(bench)
    took_s, used_s = time.monotonic() - began_s, _used_s() - used_s
    runs = sum(len(cell.found) for cell in drawn.cells.values())
    (line,) = [one for one in drawn.lines if one.decisive]
    off = sweep_sentences.cells_off(drawn, [line])
    load = os.getloadavg()[0]
    click.echo(
        f"map: {runs} runs in {took_s:.1f} s on {cores()} cores, {used_s:.1f} s of CPU "
        f"({used_s / runs:.2f} s a run), load average {load:.1f}; at most {max(off):.2f} "
        f"cells from theory in {len(off)} of {len(line.values)} columns"
    )
    slow = [f"the map took {took_s:.0f} s, not {MOST_S:.0f} s"] * (took_s > MOST_S)
    return slow + ["the map's change is not where theory has it"] * (
        len(off) < len(line.values) or max(off) > MOST_CELLS
    )


def the_search(bench: Bench) -> list[str]:
    """Look for the budget; give what is not as it should be."""
    wanted = Wanted(
        slug=SLUG,
        variant="budget",
        find=BUDGET,
        measure=MEASURE,
        until="<=0",
        seeds=tuple(range(1, 1 + SEEDS)),
    )
    asked, span = span_of(wanted, catalogue.find(SLUG))
    search = Search(asked=asked, span=span, within=0.02, share=0.5)
    began_s, used_s = time.monotonic(), _used_s()
    answer = search.run(bench.found, _silent)
    took_s, used_s = time.monotonic() - began_s, _used_s() - used_s
    click.echo(sweep_sentences.of_answer(search, answer))
    calls_rps = (1 + (answer.last or 0)) * RATE_RPS
    off = calls_rps / CAPACITY_RPS - 1
    click.echo(
        f"search: {SEEDS * len(answer.probes)} runs in {took_s:.1f} s, {used_s:.1f} s of CPU; "
        f"(1 + b) x {RATE_RPS}/s = {calls_rps:.1f}/s, {100 * off:+.1f} % from {CAPACITY_RPS}/s"
    )
    return ["the budget is not what theory says"] * (abs(off) > MOST_OFF)


def _silent(cells: Sequence[Cell]) -> None:
    del cells


def _used_s() -> float:
    """Give the CPU seconds of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@click.command()
@click.option("--no-search", is_flag=True, help="The map alone.")
def main(*, no_search: bool) -> None:
    """Run both; exit with 1 where one is not as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        store.RUNS = Path(folder)
        with kept.opened(SLUG) as results:
            keys = kept.Keys(catalogue.find(SLUG))
            bench = Bench(results, keys, cores(), Console(file=sys.stderr))
            problems = the_map(bench) + ([] if no_search else the_search(bench))
    for problem in problems:
        click.echo(problem)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
