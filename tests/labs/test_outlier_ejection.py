"""Outlier ejection, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from services.health import Health
from tests.labs.otherwise import failed

LAB = catalogue.find("outlier-ejection").lab


def test_an_ejection_that_keeps_nothing_away_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted and shown like any other, and the sick server gets its turn all the same."""
    pick = Health.pick

    def blind(self: Health) -> str:
        with monkeypatch.context() as everybody:
            everybody.setattr(Health, "_is_in", lambda *_: True)
            return pick(self)

    monkeypatch.setattr(Health, "pick", blind)
    assert "it is out for most of the time" in failed(LAB, "in-a-row")
    assert "it is out for most of the time" in failed(LAB, "strict")
