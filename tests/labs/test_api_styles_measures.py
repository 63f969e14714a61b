"""Requests and kilobytes of screens, from answers made by hand."""

import math

import pytest

from labs.traffic.api_styles.measures import kilobytes_of, requests_of
from tests.support import recording, request

MADE = recording(
    [
        request(0, 0.5)._replace(path="/new", answer="12 requests, 48000 bytes\n"),
        request(1, 1.5)._replace(path="/new", answer="10 requests, 40000 bytes\n"),
        request(2, 1.7)._replace(path="/again", answer="1 requests, 4000 bytes\n"),
        request(3, 2.5)._replace(path="/new", answer="2 requests, 8000 bytes\n", status="502"),
        request(4, 3.5)._replace(path="/new", answer="nothing of the kind\n"),
    ]
)


def test_a_figure_is_the_mean_of_the_screens_that_were_shown() -> None:
    """Those of one path, due in the window, good, and of which the phone has said anything."""
    assert requests_of("/new", 0, 4).of(MADE) == 11
    assert kilobytes_of("/new", 0, 4).of(MADE) == 44
    assert kilobytes_of("/new", 1, 4).of(MADE) == 40
    assert kilobytes_of("/again", 0, 4).of(MADE) == 4


@pytest.mark.parametrize("measure", [requests_of("/new", 2, 4), kilobytes_of("/new", 2, 4)])
def test_without_a_screen_there_is_no_figure(measure: object) -> None:
    """And it says which screens it has looked for."""
    read = measure.read(MADE)  # type: ignore[attr-defined]
    assert math.isnan(read.value)
    assert read.missing == "no screen of /new was shown in 2-4 s"


def test_a_figure_can_be_had_of_another_window() -> None:
    """Plots ask for it second by second."""
    over = requests_of("/new", 0, 4).over
    assert requests_of("/new", 0, 4).reads.window == (0, 4)
    assert over is not None
    assert over(1, 2).of(MADE) == 10
