"""How far failures go, from answers that are made by hand."""

import pytest

from harness.model.expect import Reads
from labs.cascades.percolation.measures import large_share, reached_share
from tests.support import recording, request

FAILED = {1: 1, 2: 9, 3: 2, 5: 8}
"""How many of ten services failed in the drill of some number; the fourth was not answered."""
MADE = recording(
    [
        request(number, number)._replace(answer=f"{FAILED[number]} of 10 failed\n")
        for number in (1, 2, 3, 5)
    ]
    + [request(4, 4, status="timeout")]
)


def test_the_mean_share_that_a_failure_takes() -> None:
    """Of the drills due in the window that were answered."""
    assert reached_share(1, 4).of(MADE) == pytest.approx(0.4)
    assert reached_share(1, 5).of(MADE) == pytest.approx(0.4)
    assert reached_share(2, 6).of(MADE) == pytest.approx(1.9 / 3)


@pytest.mark.parametrize(("above", "share"), [(0, 1), (0.1, 0.75), (0.2, 0.5), (0.85, 0.25)])
def test_the_share_of_failures_that_take_more(above: float, share: float) -> None:
    """As many as that is not more."""
    assert large_share(above, 1, 6).of(MADE) == share


def test_answers_that_tell_of_no_drill_are_no_data() -> None:
    """As of a service that has been put in the place of this one."""
    made = recording([request(1, 1)._replace(answer="ok")])
    assert reached_share(1, 3).read(made).missing
    assert large_share(0.1, 1, 3).read(made).missing


def test_what_they_read() -> None:
    """Answers in a window; over another one they are the same of that."""
    for measure in (reached_share(1, 3), large_share(0.5, 1, 3)):
        assert measure.reads == Reads(window=(1, 3), answers=True)
        assert measure.is_share
        assert measure.over is not None
        assert measure.over(2, 3).of(MADE) > measure.of(MADE)
        assert measure.over(6, 9).read(MADE).missing
