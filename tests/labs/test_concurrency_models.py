"""Concurrency models, broken on purpose: each time the verdict turns."""

import asyncio

import pytest

from harness import catalogue
from labs.traffic.concurrency_models import service
from tests.labs.otherwise import failed

LAB = catalogue.find("concurrency-models").lab


class Endless:
    """Slots of which there are always more."""

    async def __aenter__(self) -> None:
        """Take one."""

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""


def test_a_process_of_its_own_that_never_gives_the_core_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then reports are in the way of pages, wherever they are made."""
    monkeypatch.setattr(service, "OWN_TURN_MS", 0)
    assert failed(LAB, "offload") == {"lets no page wait for a report"}


def test_an_event_loop_that_shares_its_core_in_turns_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No page waits for a whole report then."""
    work = service.Core.work

    async def in_turns(core: service.Core, work_ms: float, turn_ms: float) -> None:
        await work(core, work_ms, turn_ms or 20)

    monkeypatch.setattr(service.Core, "work", in_turns)
    assert failed(LAB, "loop") == {"lets pages wait for a report", "a page waits behind a report"}


def test_threads_that_hold_no_slot_while_they_wait_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are an event loop, and lose no page."""
    monkeypatch.setattr(asyncio, "Semaphore", lambda _: Endless())
    assert failed(LAB, "threads") == {
        "loses pages that need no bank",
        "threads make as many calls as they can",
    }
