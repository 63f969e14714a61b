"""How long requests are late, on recordings made by hand."""

import math

import pytest

from harness.model.expect import Reads
from harness.recording import Recording
from labs.cascades.phase_transition.measures import late_for_s
from tests.support import recording, request


def of(*asked: tuple[float, float, str]) -> Recording:
    """Make a recording of requests: when they are due, how long they take, how they end."""
    return recording(
        [
            request(number, at_s, status=status)._replace(answered_s=at_s + took_s)
            for number, (at_s, took_s, status) in enumerate(asked)
        ],
        duration_s=10,
    )


@pytest.mark.parametrize(
    ("asked", "late_s"),
    [
        ([(2, 0.5, "200"), (3, 0.05, "200"), (4, 0.2, "200"), (5, 0.1, "200")], 2),
        ([(2, 0.05, "200"), (3, 0.1, "200")], 0),
        ([(2, 0.05, "200"), (3, 0.05, "503")], 1),
        ([(1, 0.5, "200"), (2, 0.05, "200"), (8, 0.5, "200")], 0),
    ],
    ids=["the last late one", "none", "an error is no quick answer", "outside of the window"],
)
def test_it_is_late_until_the_last_one_without_a_quick_answer(
    asked: list[tuple[float, float, str]], late_s: float
) -> None:
    """Counted from the window's start; the limit itself is quick."""
    measure = late_for_s(100 + 1e-6, 2, 8)
    assert measure.of(of(*asked)) == pytest.approx(late_s)


def test_a_window_without_requests_is_no_number() -> None:
    """And the measure may be taken over another one."""
    made = of((2, 0.5, "200"))
    measure = late_for_s(100, 5, 8)
    assert math.isnan(measure.of(made))
    assert measure.over
    assert measure.over(1, 4).of(made) == 1
    assert measure.reads == Reads(window=(5, 8))
    assert (measure.name, measure.unit) == ("later than 100 ms for, from 5 s", "s")
