"""Realtime push, broken on purpose: each time the verdict turns."""

import asyncio

import pytest
from aiohttp import web

from harness import catalogue
from labs.traffic.realtime_push import service_people
from labs.traffic.realtime_push.service_hub import Box
from tests.labs.otherwise import failed

LAB = catalogue.find("realtime-push").lab


def test_pings_that_nobody_must_answer_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket alone notices no more than events do."""
    whole = web.WebSocketResponse
    monkeypatch.setattr(
        web, "WebSocketResponse", lambda **given: whole(**{**given, "heartbeat": None})
    )
    assert {"writes to those who are awake", "a ping and a half"} <= failed(LAB, "sockets")


def test_long_polls_that_do_not_end_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be held, and written to, for as long as its reader sleeps."""
    whole = Box.news

    async def patient(self: Box, after: int, _: float) -> list[float]:
        return await whole(self, after, 0)

    monkeypatch.setattr(Box, "news", patient)
    assert "writes to those who are awake" in failed(LAB, "long-polling")


def test_programs_that_notice_every_silence_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without heartbeats a silence says nothing; a program that takes it for a loss asks again."""
    whole = service_people.Program._follow  # noqa: SLF001 - what is replaced

    async def nervous(self: service_people.Program) -> None:
        async with asyncio.timeout(1):
            await whole(self)

    monkeypatch.setattr(service_people.Program, "_follow", nervous)
    assert "asks for nothing while idle" in failed(LAB, "events")
