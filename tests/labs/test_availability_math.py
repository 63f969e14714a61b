"""Nines in series and in parallel, broken on purpose."""

import pytest

from harness import catalogue
from labs.cascades.availability_math import service
from tests.labs.otherwise import failed

LAB = catalogue.find("availability-math").lab


def test_stages_that_are_not_asked_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the first is asked, there is no row."""
    whole = service.System.up_at

    def first(self: service.System, stage: int, now_s: float) -> float:
        return whole(self, 0, now_s) if stage == 0 else now_s

    monkeypatch.setattr(service.System, "up_at", first)
    assert "five in a row multiply" in failed(LAB, "chain")


def test_a_stage_that_never_comes_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then no wait helps."""
    whole = service.System.up_at

    def never(self: service.System, stage: int, now_s: float) -> float:
        up_s = whole(self, stage, now_s)
        return up_s if up_s == now_s else now_s + 3600

    monkeypatch.setattr(service.System, "up_at", never)
    assert "loses a quarter at most" in failed(LAB, "quicker-waits")
