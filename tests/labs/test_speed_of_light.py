"""The speed of light, broken on purpose: the verdict turns."""

import pytest

from harness import catalogue
from harness.checks.verdict import failures, judge
from harness.conductor import conducted
from harness.model import distance
from tests.labs.otherwise import SEED
from tests.support import run

LAB = catalogue.find("speed-of-light").lab
PLACES = {"far": "20 times 80 ms", "farther": "20 times 150 ms"}


def failed(place: str) -> set[str]:
    """Name the claims about a place that fail."""
    own = LAB.facing(LAB.variant(place), SEED)
    recording = run(own, conducted(own), variant=place, seed=SEED)
    return {control.claim for control in failures(judge(own, recording))}


@pytest.mark.parametrize("place", PLACES)
def test_a_distance_that_is_covered_one_way_alone_is_found_out(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that comes back at once halves the trips."""
    assert failed(place) == set()
    monkeypatch.setattr(distance, "DIRECTIONS", ("downstream",))
    assert failed(place) == {PLACES[place]}
