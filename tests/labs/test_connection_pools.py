"""Connection pools, broken on purpose, and the map beside theory's line."""

import math

import pytest

from harness import catalogue
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.traffic.connection_pools import maps, service
from labs.traffic.connection_pools.predictions import APPS
from tests.labs.otherwise import SEED, failed

ENTRY = catalogue.find("connection-pools")
LAB = ENTRY.lab
NUMBERS = own_numbers(LAB, LAB.variant("many"))


def test_a_database_of_which_each_query_has_a_core_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then no pool is too large."""
    monkeypatch.setattr(service.Cores, "_speed", lambda _: 1.0)
    assert failed(LAB, "many") >= {
        "never comes back",
        "64 connections do less than is asked for",
    }


@pytest.mark.parametrize("overhead", [0.05, 0.1])
@pytest.mark.parametrize("beside", [-2, 2])
def test_the_map_changes_where_theory_has_its_line(overhead: float, beside: int) -> None:
    """Two connections for each process on either side of it."""
    line = maps.back_in_time(overhead, NUMBERS)
    slots = round(line) + beside
    settings = (f"database.overhead={overhead}", f"app.outgoing.bulkhead.slots={slots}")
    asked = Run(slug=ENTRY.slug, variant="many", settings=settings, measure="map", seed=SEED)
    (found,) = simulate((asked,))
    assert (found.value >= 0.95) == (slots < line)


def test_the_lines_of_the_map() -> None:
    """Back in time comes before ever back; no pool is too large where too many cost little."""
    assert maps.ever(0.05, NUMBERS) * APPS == pytest.approx(50.5)
    assert maps.back_in_time(0.05, NUMBERS) * APPS == 38
    assert math.isnan(maps.back_in_time(0.025, NUMBERS))
