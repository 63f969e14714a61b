"""The maps of retry-storm: what recovers and what does not, on either side of theory's lines."""

import math
from dataclasses import replace

import pytest

from harness import catalogue
from harness.errors import LabError
from harness.model.validate import problems
from harness.sweep.asking import Wanted, grid_of, own_numbers, span_of, swept
from harness.sweep.cells import Run, simulate
from harness.sweep.grid import Cell
from harness.sweep.measures import own_map
from harness.theory import retries
from labs.cascades.retry_storm import maps

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
    settings = (*maps.MAP.settings, "checkout.tries=2", f"load.rate_rps={rate}")
    run = Run(slug="retry-storm", variant="naive", settings=settings, measure="map", seed=1)
    (found,) = simulate((run,))
    assert (found.value > 0) == (rate > boundary(2))


def test_what_a_map_sets_gives_way_to_what_is_asked_for() -> None:
    """Who says when the freeze begins, or sweeps its length, is not overruled by the map."""
    asked, grid = grid_of(Wanted(slug="retry-storm", settings=("fault.start_s=3",)), ENTRY)
    assert asked.settings == grid.settings == ("fault.for_s=2", "fault.start_s=3")
    vary = ("fault.for_s=1,2", "load.rate_rps=40,80")
    assert grid_of(Wanted(slug="retry-storm", vary=vary), ENTRY)[0].settings == ("fault.start_s=1",)
    other = Wanted(slug="retry-storm", vary=vary, measure="recovery")
    assert grid_of(other, ENTRY)[0].settings == ()


def test_a_line_that_needs_a_number_the_lab_lacks_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = replace(maps.MAP.boundaries[0], of=lambda _, numbers: numbers["payments.speed"])
    monkeypatch.setattr(maps, "MAP", replace(maps.MAP, boundaries=(wrong,)))
    with pytest.raises(LabError, match=r"needs payments\.speed, .* there are .*payments\.workers"):
        grid_of(Wanted(slug="retry-storm"), ENTRY)


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


@pytest.mark.parametrize("rate", [50, 70, 90])
def test_a_freeze_passes_below_theorys_bracket_and_stays_above(rate: int) -> None:
    """One shorter than the time limit; one a tenth of a second longer than tau (2 - rho)."""
    passes_s, stays_s = retries.fatal_stall_bracket_s(
        rate_rps=rate, capacity_rps=100, timeout_s=0.5
    )
    for stall_s, passes in ((passes_s - 0.1, True), (stays_s + 0.1, False)):
        run = Run(
            slug="retry-storm",
            variant="naive",
            settings=(f"load.rate_rps={rate}", f"fault.for_s={stall_s}"),
            measure="map:trigger-size",
            seed=1,
        )
        (found,) = simulate((run,))
        assert (found.value <= maps.WAITS) == passes, (rate, stall_s)


def test_the_second_map_has_theorys_bracket() -> None:
    """Between tau, at any load, and tau (2 - rho); with the lab's own numbers put in."""
    for settings, tau in (((), 0.5), (("checkout.timeout_ms=1000",), 1.0)):
        wanted = Wanted(slug="retry-storm", map_name="trigger-size", settings=settings)
        asked, grid = grid_of(wanted, ENTRY)
        cells = {place: Cell(place=place, found=()) for place in grid.places()}
        low, high = swept(asked, grid, cells).lines
        assert grid.measure == "map:trigger-size"
        assert low.values == (tau,) * 5
        assert high.values == pytest.approx(
            [tau * (2 - rate / 100) for rate in (50, 60, 70, 80, 90)]
        )


def test_a_map_by_its_measure_is_the_map_by_its_name() -> None:
    """So the command of a report, which names the measure, sweeps the same."""
    by_name = grid_of(Wanted(slug="retry-storm", map_name="trigger-size"), ENTRY)
    by_measure = grid_of(Wanted(slug="retry-storm", measure="map:trigger-size"), ENTRY)
    assert by_name[1] == by_measure[1]
    assert by_name[0].declared is by_measure[0].declared
    assert by_name[0].said == by_measure[0].said


def test_a_search_looks_at_what_the_map_looks_at() -> None:
    """At the lab's own load, and with the map's words for what holds."""
    wanted = Wanted(slug="retry-storm", map_name="trigger-size", find="fault.for_s=0.4..0.9")
    asked, span = span_of(wanted, ENTRY)
    assert (asked.measure, asked.variant, asked.until) == ("map:trigger-size", "naive", "<=46")
    assert asked.said[0].startswith("the queue is short again")
    assert (span.name, span.low, span.high) == ("fault.for_s", 0.4, 0.9)
