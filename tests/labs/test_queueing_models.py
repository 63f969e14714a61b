"""Queueing models, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from harness.checks.across import across
from harness.checks.verdict import Verdict
from harness.conductor import conductor
from labs.traffic.queueing_models import service
from tests.labs.otherwise import SEED
from tests.support import run

LAB = catalogue.find("queueing-models").lab


def broken() -> set[str]:
    """Name the comparisons that fail."""
    made = {
        one.name: run(LAB, conductor(LAB.faults, LAB.duration_s), variant=one.name, seed=SEED)
        for one in LAB.variants
    }
    return {one.claim for one in across(LAB, made).controls if one.verdict is not Verdict.PASS}


def test_people_who_look_for_a_free_desk_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four lines of which the shortest is joined are as good as one."""

    class Looking(service.Lines):
        def _picked(self, drawn: float) -> list[float]:
            del drawn
            return min(self._lines)

    monkeypatch.setattr(service, "Lines", Looking)
    assert broken() == {
        "each waits as its formula says",
        "one line waits less than half as long",
        "one line with the worst work beats four lines with equal work",
    }
