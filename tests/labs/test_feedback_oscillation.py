"""Feedback oscillation, broken on purpose, and the maps beside theory's lines."""

from collections import deque

import pytest

from harness import catalogue
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.cascades.feedback_oscillation import maps, service
from labs.cascades.feedback_oscillation.predictions import WITHIN
from tests.labs.otherwise import SEED, failed

ENTRY = catalogue.find("feedback-oscillation")
LAB = ENTRY.lab
NUMBERS = own_numbers(LAB, LAB.variant("eager"))


@pytest.mark.parametrize("variant", ["eager", "averaging"])
def test_a_controller_that_orders_nothing_is_found_out(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing swings, and the push alone costs nothing."""
    monkeypatch.setattr(service.Controller, "_order", lambda *_: 0)
    assert failed(LAB, variant) >= {"swings for ever", "loses customers at an even load"}


def test_an_average_of_one_look_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what is missing, by the last look alone, comes to rest."""
    monkeypatch.setattr(service, "fmean", lambda seen: deque(seen)[-1])
    assert "turns later for the average" in failed(LAB, "averaging")


@pytest.mark.parametrize(
    ("name", "axis", "value", "gains"),
    [
        ("map", maps.LAG, 2250, (0.25, 0.45)),
        ("map", maps.LAG, 1750, (0.35, 0.55)),
        ("map:average", maps.AVERAGED, 5, (0.3, 0.5)),
    ],
)
def test_the_maps_change_where_theory_has_its_line(
    name: str, axis: str, value: float, gains: tuple[float, float]
) -> None:
    """A gain on either side of it."""
    of = maps.limit_of_average if axis == maps.AVERAGED else maps.limit_of_lag
    below, above = gains
    assert below < of(value, NUMBERS) < above
    for gain, rests in ((below, True), (above, False)):
        settings = (f"{axis}={value}", f"{maps.GAIN}={gain}")
        asked = Run(slug=ENTRY.slug, variant="eager", settings=settings, measure=name, seed=SEED)
        (found,) = simulate((asked,))
        assert (found.value <= WITHIN) == rests
