"""Head-of-line blocking, broken on purpose: each time the verdict turns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harness import catalogue
from labs.traffic.head_of_line import service
from tests.labs.otherwise import failed

LAB = catalogue.find("head-of-line").lab


def test_a_connection_that_lets_answers_past_a_lost_one_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then one connection is as good as streams."""
    monkeypatch.setattr(service.Connection, "deliver_s", lambda _, arrives_s: arrives_s)
    assert failed(LAB, "multiplexed") == {
        "lost answers hold up the others",
        "who is behind a lost answer is late",
    }
    assert failed(LAB, "pipelined") == {"lost answers hold up the others"}


def test_a_connection_that_lets_answers_past_a_slow_one_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It sends each when it is there, and calls that order."""

    @asynccontextmanager
    async def nobody_before(_: service.Connection) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(service.Connection, "turn", nobody_before)
    assert failed(LAB, "pipelined") == {
        "slow answers hold up the others",
        "who is behind a slow answer is late",
    }
