"""Herding, broken on purpose: each time the verdict turns."""

import random
from collections.abc import Sequence

import pytest

from harness import catalogue
from services.patterns.balancing import Pick, Policy, Reports
from tests.labs.otherwise import failed

LAB = catalogue.find("load-balancer-herding").lab


def test_reports_that_are_never_old_make_no_herd(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the age of the figures that does it, and not that they are reports."""
    loads = Reports.loads
    monkeypatch.setattr(Reports, "loads", lambda self, _: loads(self, 0))
    assert "old figures make a herd" in failed(LAB, "old-1600")


def test_a_balancer_that_takes_the_most_loaded_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fresh figures help only whoever reads them the right way round."""

    def upside_down(_: Policy, __: Sequence[str], ___: random.Random) -> Pick:
        return lambda loads: max(loads, key=loads.__getitem__)

    monkeypatch.setattr(Policy, "of", upside_down)
    assert "fresh figures: hardly anybody waits" in failed(LAB, "fresh")
