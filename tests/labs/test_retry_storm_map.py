"""The map of retry-storm: what recovers and what does not, on either side of theory's boundary."""

import math

import pytest

from harness import catalogue
from harness.model.validate import problems
from harness.sweep.asking import Wanted, grid_of, own_numbers, swept
from harness.sweep.cells import Run, simulate
from harness.sweep.grid import Cell
from harness.sweep.measures import own_map
from harness.theory import retries

ENTRY = catalogue.find("retry-storm")
RATES = (16, 32, 64)
TRIES = (1, 2, 4)


def boundary(tries: int) -> float:
    return retries.vulnerable_from_rps(
        capacity_rps=100, amplification=retries.retry_amplification(retries=tries - 1)
    )


@pytest.mark.parametrize("tries", TRIES)
def test_what_recovers_lies_below_theorys_boundary(tries: int) -> None:
    """A coarse diagram, none of its cells nearer than a quarter to mu / (1 + m)."""
    for rate in RATES:
        settings = (f"checkout.tries={tries}", f"load.rate_rps={rate}")
        run = Run(
            slug="retry-storm", variant="naive", settings=settings, measure="recovery", seed=1
        )
        (found,) = simulate((run,))
        assert not found.missing
        assert math.isfinite(found.value) == (rate < boundary(tries)), (tries, rate)


@pytest.mark.parametrize("rate", [38, 64])
def test_the_queue_grows_above_the_boundary_and_shrinks_below(rate: int) -> None:
    """What the map looks at tells the same sooner: two tries, 50 requests a second between."""
    settings = ("checkout.tries=2", f"load.rate_rps={rate}")
    run = Run(slug="retry-storm", variant="naive", settings=settings, measure="map", seed=1)
    (found,) = simulate((run,))
    assert (found.value > 0) == (rate > boundary(2))


def test_the_map_fits_the_lab() -> None:
    """Its axes are settings that the lab has, its lines are those of theory."""
    declared = own_map(ENTRY)
    assert declared is not None
    asked, grid = grid_of(Wanted(slug="retry-storm"), ENTRY)
    assert [len(axis.values) for axis in grid.axes] == [5, 17]
    numbers = own_numbers(ENTRY.lab, ENTRY.lab.variant(asked.variant))
    line, overload = declared.boundaries
    assert [round(line.of(tries, numbers), 1) for tries in range(1, 6)] == [100, 50, 33.3, 25, 20]
    assert overload.of(1, numbers) == 100
    assert not [*problems(ENTRY.lab)]


@pytest.mark.parametrize(
    ("wanted", "measure", "variant", "lines"),
    [
        (Wanted(slug="", vary=("checkout.tries=1..9", "load.rate_rps=10,20")), "map", "naive", 2),
        (Wanted(slug="", vary=("load.rate_rps=10,20",)), "map", "naive", 0),
        (Wanted(slug="", measure="recovery"), "recovery", "naive", 2),
        (Wanted(slug="", variant="budget"), "verdict", "budget", 0),
        (Wanted(slug="", vary=("checkout.retry_budget=0.1,0.2",), variant="budget"), "verdict",
         "budget", 0),
    ],
)  # fmt: skip
def test_the_map_is_asked_the_same_over_other_values(
    wanted: Wanted, measure: str, variant: str, lines: int
) -> None:
    """So a grid can grow; theory's lines are of the map's own variant and axes."""
    asked, grid = grid_of(wanted, ENTRY)
    assert (grid.measure, grid.variant) == (measure, variant)
    cells = {place: Cell(place=place, found=()) for place in grid.places()}
    assert len(swept(asked, grid, cells).lines) == lines
