"""The tail at scale, broken on purpose: each time the verdict turns."""

import random

import pytest

from harness import catalogue
from harness.checks.across import across
from harness.checks.verdict import Verdict
from harness.conductor import conductor
from services import worker
from services.context import Context
from tests.labs.otherwise import SEED, failed
from tests.support import run

LAB = catalogue.find("fan-out-tail").lab
A_PAGE_S = 0.5


def slow_together(ctx: Context[worker.Settings]) -> float:
    """Be slow in one page of a hundred, and then in all of its calls."""
    settings = ctx.settings
    page = random.Random(int(ctx.now() / A_PAGE_S))
    ms = settings.slow_ms if page.random() < settings.slow_ratio else settings.service_ms
    return ms / 1000


def test_leaves_that_are_slow_together_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is slow in one call of a hundred, and so is the page, however many it asks."""
    monkeypatch.setattr(worker, "_service_s", slow_together)
    assert failed(LAB, "leaves-100") == {
        "thirty times as often as one leaf",
        "two pages of three wait for a slow leaf",
    }
    made = {
        one.name: run(LAB, conductor(LAB.faults, LAB.duration_s), variant=one.name, seed=SEED)
        for one in LAB.variants
        if one.name.startswith("leaves-")
    }
    found = across(LAB, made).controls
    assert {one.claim for one in found if one.verdict is not Verdict.PASS} == {
        "the chance that none is slow, to the power of the leaves"
    }
