"""Utilisation, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from harness.model import Pause, during
from labs.cascades.phase_transition.predictions import FROM_S
from tests.labs.otherwise import failed

LAB = catalogue.find("phase-transition").lab


def test_a_shorter_stall_is_over_sooner() -> None:
    """What is felt hangs on how long it was, and not on the load alone."""
    short = replace(LAB, faults=(during(FROM_S, FROM_S + 0.1, Pause("app")),))
    assert failed(LAB, "busy-95", runs=short) == {
        "felt for longer than it was",
        "at 95 % it is not",
    }
    assert failed(LAB, "bounded", runs=short) == set()
