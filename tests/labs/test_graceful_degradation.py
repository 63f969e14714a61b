"""Graceful degradation, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from harness.model import Kill, during
from labs.resilience.graceful_degradation.predictions import HUNG
from tests.labs.otherwise import failed

LAB = catalogue.find("graceful-degradation").lab
KILLED = replace(LAB, faults=(during(*HUNG, Kill("recs")),))


def test_a_part_that_refuses_is_no_part_that_hangs() -> None:
    """A fallback that would come too late comes at once then, and no page waits."""
    assert failed(LAB, "patient", runs=KILLED) == {"no page is served"}
    assert failed(LAB, "empty", runs=KILLED) == {"each page waits as long as it may"}
    assert failed(LAB, "required", runs=KILLED) == set()
