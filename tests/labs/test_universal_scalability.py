"""The Universal Scalability Law, broken on purpose, and its map beside theory's lines."""

from collections.abc import Callable

import pytest

from harness import catalogue
from harness.checks.across import across
from harness.checks.verdict import Verdict
from harness.conductor import conductor
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.traffic.universal_scalability import maps, service
from labs.traffic.universal_scalability.predictions import FIVE_TELL, law_rps
from tests.labs.otherwise import SEED
from tests.support import run

ENTRY = catalogue.find("universal-scalability")
LAB = ENTRY.lab


def broken() -> set[str]:
    """Name the comparisons that fail, of the teams of 1 to 20."""
    made = {
        one.name: run(LAB, conductor(LAB.faults, LAB.duration_s), variant=one.name, seed=SEED)
        for one in LAB.variants
        if one.name.startswith("workers-")
    }
    return {one.claim for one in across(LAB, made).controls if one.verdict is not Verdict.PASS}


def free(_: service.Lock, from_s: float, ms: float) -> float:
    """Give the lock to all who want it."""
    return from_s + ms / 1000


def shared(self: service.Lock, from_s: float, ms: float) -> float:
    """Let one at a time have it, and each for as long as one alone would."""
    self._free_s = max(self._free_s, from_s) + min(ms, 10) / 1000
    return self._free_s


@pytest.mark.parametrize("hold", [free, shared])
def test_a_lock_that_costs_less_is_found_out(
    monkeypatch: pytest.MonkeyPatch, hold: Callable[[service.Lock, float, float], float]
) -> None:
    """One that keeps nobody out, and one under which nobody is told: neither has such a peak."""
    monkeypatch.setattr(service.Lock, "hold", hold)
    assert broken() == {
        "each team does what the law says",
        "five points tell where the peak is",
        "ten workers more, a sixth less is done",
    }


def test_points_of_another_law_have_their_peak_elsewhere() -> None:
    """Or none: then the best number of workers has no end."""
    assert FIVE_TELL.of([law_rps(n) for n in (1, 2, 3, 4, 5)]) == pytest.approx(9.75, abs=0.01)
    assert FIVE_TELL.of([5, 10, 15, 20, 25]) == float("inf")
    assert FIVE_TELL.of([5, 5, 5, 5, 5]) == float("inf")
    assert FIVE_TELL.of([5, 9, 12, 13, 13]) < 6


@pytest.mark.parametrize(
    ("tell_ms", "workers"), [(2, 3), (2, 4), (2, 25), (2, 26), (4, 4), (4, 5), (4, 10), (4, 11)]
)
def test_the_map_changes_where_theory_has_its_lines(tell_ms: int, workers: int) -> None:
    """Too few workers do not keep up, and too many do not either."""
    settings = (f"stock.tell_ms={tell_ms}", f"stock.workers={workers}")
    asked = Run(slug=ENTRY.slug, variant="workers-20", settings=settings, measure="map", seed=SEED)
    (found,) = simulate((asked,))
    low, high = maps.roots(tell_ms, own_numbers(LAB, LAB.variant("workers-20")))
    assert (found.value >= maps.WANTED_RPS) == (low <= workers <= high)


def test_a_map_has_no_line_where_theory_has_none() -> None:
    """Without telling there are never too many; where it is dear, no number keeps up."""
    numbers = own_numbers(LAB, LAB.variant("workers-20"))
    assert maps.fewest(0, numbers) == pytest.approx(3.35, abs=0.01)
    assert str(maps.most(0, numbers)) == str(maps.best(0, numbers)) == "nan"
    assert str(maps.fewest(8, numbers)) == str(maps.most(8, numbers)) == "nan"
    assert maps.best(2, numbers) == pytest.approx(9.75, abs=0.01)
