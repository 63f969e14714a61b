"""Correlated failure, broken on purpose: a rack that fails for each of its replicas by itself."""

from dataclasses import replace

import pytest

from harness import catalogue
from labs.cascades.correlated_failure.predictions import RACKS
from services.flaky import Part
from tests.labs.otherwise import failed

LAB = catalogue.find("correlated-failure").lab


def test_a_rack_that_draws_for_each_who_asks_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each replica is down as often, and they fail independently."""

    def draws_anew(self: Part, moment: str) -> bool:
        del moment
        return self._ctx.rng.random() < self._ctx.settings.down_ratio

    monkeypatch.setattr(Part, "_is_down", draws_anew)
    assert failed(LAB, "one-rack") == {
        "what the rack loses is lost",
        "three lose what their rack loses",
        "where one has failed, so has the next",
    }


def test_replicas_that_have_all_come_into_one_rack_are_found_out() -> None:
    """Nobody has changed how many there are, nor which of them are asked."""
    apps = LAB.services[1].given({"needs": RACKS[-1]})
    moved = replace(LAB, services=(LAB.services[0], apps, *LAB.services[2:]))
    assert "less than a rack is lost" in failed(LAB, "spread", runs=moved)
