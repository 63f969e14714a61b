"""Autoscaling lag, broken on purpose, and the maps beside theory's lines."""

import pytest

from harness import catalogue
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.traffic.autoscaling_lag import maps
from labs.traffic.autoscaling_lag.predictions import LATE
from services import fleet
from tests.labs.otherwise import SEED, failed

ENTRY = catalogue.find("autoscaling-lag")
LAB = ENTRY.lab
NUMBERS = own_numbers(LAB, LAB.variant("target-55"))


def test_machines_that_serve_when_they_are_asked_for_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a lag little headroom loses nobody."""

    def want(self: fleet.Fleet, wanted: int) -> None:
        self.ready = max(self.ready, wanted)

    monkeypatch.setattr(fleet.Fleet, "_want", want)
    assert failed(LAB, "target-55") >= {
        "loses more than twice what it is short of",
        "all who come for five seconds are late",
    }


def test_an_autoscaler_that_never_asks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the six machines stay six, and much headroom is never there."""
    monkeypatch.setattr(fleet.Fleet, "_tracked", lambda self, _: self.ready)
    for variant in ("target-40", "warm-pool"):
        assert "nobody is late" in failed(LAB, variant)


@pytest.mark.parametrize("boot_ms", [2500, 4500, 7500])
@pytest.mark.parametrize("beside", [-1, 1])
def test_the_map_changes_where_theory_has_its_line(boot_ms: float, beside: int) -> None:
    """One machine on either side of it."""
    line = maps.needed(boot_ms, NUMBERS)
    machines = round(line + beside)
    settings = (f"{maps.BOOT}={boot_ms}", f"{maps.LEAST}={machines}")
    asked = Run(slug=ENTRY.slug, variant="target-55", settings=settings, measure="map", seed=SEED)
    (found,) = simulate((asked,))
    assert (found.value <= 2) == (machines > line)


def test_the_lines_of_the_maps() -> None:
    """They are those of the lab where they meet it, and begin where patience ends."""
    assert maps.needed(4000, NUMBERS) == pytest.approx(7.4)
    assert maps.needed(100, NUMBERS) == 0
    assert maps.late(4000, NUMBERS) == pytest.approx(LATE)
    assert maps.late(1800, NUMBERS) == 0 < maps.late(2000, NUMBERS)
