"""Backpressure, broken on purpose: each time the verdict turns."""

import asyncio

import pytest

from harness import catalogue
from labs.resilience.backpressure import service
from tests.labs.otherwise import failed

LAB = catalogue.find("backpressure").lab


def test_a_stage_that_does_not_wait_for_the_next_one_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it lets go of stands in the way nowhere, so nobody hears of it."""
    hand_on = vars(service.Stage)["_hand_on"]
    under_way = set[asyncio.Task[None]]()

    async def let_go(stage: service.Stage, message: service.Message) -> None:
        under_way.add(asyncio.create_task(hand_on(stage, message)))

    monkeypatch.setattr(service.Stage, "_hand_on", let_go)
    assert failed(LAB, "refuse") == {
        "archives what is new",
        "says no to what is too much",
        "what is too much is refused",
        "the age is what the queues hold",
    }


def test_a_queue_that_says_it_has_room_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is refused, and nothing is dropped: senders wait."""
    monkeypatch.setattr(asyncio.Queue, "full", lambda _: False)
    assert failed(LAB, "refuse") >= {"says no to what is too much", "archives what is new"}
    assert failed(LAB, "newest") >= {"says yes, and throws away", "archives what is new"}
