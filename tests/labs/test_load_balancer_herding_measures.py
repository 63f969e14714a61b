"""The mean time to an answer, from a recording made by hand."""

import math

import pytest

from labs.cascades.load_balancer_herding.measures import mean_response_s
from tests.support import recording, request

MADE = recording(
    [
        request(1, 1, latency_s=0.1),
        request(2, 2, latency_s=0.3),
        request(3, 3, status="502", latency_s=5),
        request(4, 4, latency_s=0.8),
    ]
)


def test_good_answers_to_what_is_due_in_the_window_count() -> None:
    """From the intended time on; errors do not count, however long they take."""
    assert mean_response_s(0, 4).of(MADE) == pytest.approx(0.2)
    assert mean_response_s(0, 5).of(MADE) == pytest.approx(0.4)
    assert mean_response_s(2, 5).of(MADE) == pytest.approx(0.55)


def test_without_a_good_answer_there_is_nothing_to_measure() -> None:
    """Also where errors came."""
    found = mean_response_s(3, 4).read(MADE)
    assert math.isnan(found.value)
    assert found.missing == "no request due in 3-4 s had a good answer"
