"""How wide a gauge swings and how often, on samples made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import Recording, SeriesKey
from labs.cascades.feedback_oscillation.measures import swing, swing_period_s
from tests.support import recording


def of(*samples: float) -> Recording:
    """Make a recording of a gauge, from second 0 on."""
    made = recording([], duration_s=len(samples) - 1)
    made.series = {SeriesKey("shop", "machines", ""): list(samples)}
    return made


def test_a_swing_is_from_the_lowest_to_the_highest_of_its_window() -> None:
    """What lies outside of the window does not count."""
    made = of(90, 20, 4, 40, 20, 90)
    assert swing("machines", 1, 4).of(made) == 36
    assert swing("machines", 4, 5).of(made) == 70
    assert swing("machines", 1, 4).reads == Reads(window=(1, 4), metrics=("machines",))
    assert swing("nothing", 1, 4).read(made).missing


@pytest.mark.parametrize(
    ("samples", "period_s"),
    [
        ((0, 40, 0, 40, 0, 40), 2),
        ((0, 40, 40, 0, 20, 20), 3.5),
        ((0, 20, 21, 10, 20, 0), 3),
        ((40, 0, 10, 30, 0, 40), 2),
    ],
    ids=["each way up", "in proportion", "reaching it is enough", "not the way down"],
)
def test_a_period_is_from_one_way_up_to_the_next(
    samples: tuple[float, ...], period_s: float
) -> None:
    """Through 20, in seconds."""
    assert swing_period_s("machines", 20, 0, 5).of(of(*samples)) == pytest.approx(period_s)


def test_what_is_at_rest_has_no_period() -> None:
    """One way up is none either, and a window has ways of its own."""
    assert "twice" in swing_period_s("machines", 20, 0, 3).read(of(20, 20, 20, 20)).missing
    assert "twice" in swing_period_s("machines", 20, 0, 3).read(of(0, 40, 40, 40)).missing
    made = of(0, 40, 0, 40, 0)
    assert swing_period_s("machines", 20, 0, 4).of(made) == 2
    assert "twice" in swing_period_s("machines", 20, 2, 4).read(made).missing
    assert swing_period_s("machines", 20, 2, 4).reads == Reads(window=(2, 4), metrics=("machines",))
