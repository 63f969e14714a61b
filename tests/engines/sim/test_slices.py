"""How the toxic `slicer` cuts a chunk, as Toxiproxy does."""

import random

import pytest

from harness.engines.sim.toxics import Slicer


@pytest.mark.parametrize(
    ("size", "variation", "cuts"),
    [
        (99, 0, [99]),
        (100, 0, [100]),
        (101, 0, [50, 101]),
        (200, 0, [100, 200]),
        (110, 10, [110]),
    ],
)
def test_a_chunk_is_halved_as_long_as_it_is_longer_than_the_average(
    size: int, variation: int, cuts: list[int]
) -> None:
    """One of just the average, give or take the variation, is left whole."""
    slicer = Slicer({"average_size": 100, "size_variation": variation})
    assert slicer._cuts(0, size, random.Random(0)) == cuts  # noqa: SLF001


def test_with_a_variation_the_middle_is_drawn_on_both_sides() -> None:
    """At most so far from it, and the pieces are in order."""
    slicer = Slicer({"average_size": 100, "size_variation": 20})
    middles = {slicer._cuts(0, 121, random.Random(seed))[0] for seed in range(500)}  # noqa: SLF001
    assert min(middles) == 40
    assert max(middles) == 79
