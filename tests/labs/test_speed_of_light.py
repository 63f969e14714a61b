"""The speed of light, broken on purpose: the verdict turns."""

import pytest

from harness import catalogue
from harness.model import distance
from tests.labs.otherwise import SEED, failed

LAB = catalogue.find("speed-of-light").lab
PLACES = {"near": "20 times 10 ms", "far": "20 times 80 ms", "farther": "20 times 150 ms"}


@pytest.mark.parametrize("place", PLACES)
def test_a_distance_that_is_covered_one_way_alone_is_found_out(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that comes back at once halves the trips."""
    own = LAB.facing(LAB.variant(place), SEED)
    assert failed(LAB, place, runs=own) == set()
    monkeypatch.setattr(distance, "DIRECTIONS", ("downstream",))
    assert failed(LAB, place, runs=own) == {PLACES[place]}
