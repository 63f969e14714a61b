"""Failover, broken on purpose: each time the verdict turns."""

import asyncio

import pytest

from harness import catalogue
from services.fleet import Fleet
from services.health import Health
from tests.labs.otherwise import failed

LAB = catalogue.find("failover-overload").lab
FALLS, STAYS_DOWN = "the other region falls too", "and it stays down when east is back"


def test_it_is_the_failover_that_takes_the_other_one_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where nobody may be taken out, the users of the other region are served."""
    monkeypatch.setattr(Health, "_may_take_out", lambda _: False)
    assert FALLS in failed(LAB, "efficient")


def test_it_is_work_for_those_who_have_left_that_keeps_it_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A region that drops what has waited for too long serves what it can, and is well at once."""
    serve, wait = Fleet.serve, vars(Fleet)["_wait"]

    async def impatient(self: Fleet) -> None:
        async with asyncio.timeout(0.7):
            await wait(self)

    async def dropping(self: Fleet) -> bool:
        try:
            return await serve(self)
        except TimeoutError:
            return False

    monkeypatch.setattr(Fleet, "_wait", impatient)
    monkeypatch.setattr(Fleet, "serve", dropping)
    assert {FALLS, STAYS_DOWN} <= failed(LAB, "efficient")
