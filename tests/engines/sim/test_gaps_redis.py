"""Redis at its edges: what is no RESP, clients that leave, sets, a fault of fakeredis itself."""

import asyncio
import re
from typing import Any

import pytest
from fakeredis._commands import SUPPORTED_COMMANDS
from redis.exceptions import ResponseError

from harness import catalogue
from harness.engines.sim.endings import ForbiddenError
from harness.engines.sim.redis import PORT
from harness.engines.sim.redis_session import Session
from tests.cached import CACHED
from tests.engines.sim.redis_world import RedisWorld
from tests.support import run


def test_bytes_that_are_no_request_are_answered_with_an_error_and_the_end() -> None:
    """In the words of Redis; others are served on."""

    async def scenario(world: RedisWorld) -> None:
        reader, writer = await asyncio.open_connection("cache", PORT)
        writer.write(b"*1\r\nPING\r\n")
        assert await reader.read() == b"-ERR Protocol error: expected '$', got 'P'\r\n"
        writer.close()
        assert await world.client().ping()

    RedisWorld().play(scenario)


def test_a_client_that_leaves_hears_no_shard_channel_any_more() -> None:
    """Its subscription goes with its connection, and nobody is counted for it."""

    async def scenario(world: RedisWorld) -> None:
        reader, writer = await asyncio.open_connection("cache", PORT)
        writer.write(b"SSUBSCRIBE news\r\n")
        assert b"ssubscribe" in await reader.read(100)
        redis = world.client()
        assert await redis.execute_command("SPUBLISH", "news", "one") == 1
        writer.close()
        await asyncio.sleep(1)
        assert await redis.execute_command("SPUBLISH", "news", "two") == 0

    RedisWorld().play(scenario)


def test_differences_and_unions_of_sets_come_sorted() -> None:
    """Redis promises no order; an interpreter's own would differ from run to run."""

    async def scenario(_: RedisWorld) -> None:
        reader, writer = await asyncio.open_connection("cache", PORT)
        members = [b"%d" % number for number in range(9)]
        writer.write(b"SADD a " + b" ".join(reversed(members[:7])) + b"\r\n")
        writer.write(b"SADD b " + b" ".join(members[5:]) + b"\r\n")
        await asyncio.sleep(1)
        await reader.read(100)
        for command, expected in [(b"SDIFF", members[:5]), (b"SUNION", members)]:
            writer.write(command + b" a b\r\n")
            reply = await reader.read(500)
            assert reply.split(b"\r\n")[2::2] == expected
        writer.close()

    RedisWorld().play(scenario)


def fail(*_: Any) -> None:
    raise RuntimeError("no such luck")


def test_a_fault_of_fakeredis_is_answered_as_what_is_not_simulated(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its client is told, its connection stays, and so does its transaction; the run notes it."""
    monkeypatch.setattr(Session, "strlen", fail)
    said = "STRLEN with these arguments is not simulated (RuntimeError: no such luck)"

    async def scenario(world: RedisWorld) -> None:
        redis = world.client(single_connection_client=True)
        number = await redis.client_id()
        with pytest.raises(ResponseError, match=re.escape(f"{said}; use --engine compose")):
            await redis.strlen("k")
        replies = (
            await redis.pipeline().set("k", 1).strlen("k").incr("k").execute(raise_on_error=False)
        )
        assert (replies[0], replies[2], str(replies[1])) == (
            True,
            2,
            f"{said}; use --engine compose",
        )
        assert await redis.client_id() == number

    RedisWorld().play(scenario)
    assert caplog.messages == ["fakeredis fails at strlen: RuntimeError('no such luck')"] * 2


def test_without_lua_a_script_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a browser; else a limiter that lets all through without its store would go on."""
    monkeypatch.delitem(SUPPORTED_COMMANDS, "eval")
    lab = catalogue.find("rate-limiting").lab
    with pytest.raises(ForbiddenError, match=r"^counter#0 calls EVAL: it needs Lua, which"):
        run(lab, variant="shared")


def test_what_comes_of_no_command_at_all_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """When fakeredis fails before or behind a command."""
    monkeypatch.setattr(Session, "_decode_result", fail_once(Session._decode_result))  # noqa: SLF001

    async def scenario(_: RedisWorld) -> None:
        reader, writer = await asyncio.open_connection("cache", PORT)
        writer.write(b"PING\r\nPING\r\n")
        first, second = await reader.readline(), await reader.readline()
        assert first.startswith(b"-ERR PING with these arguments is not simulated")
        assert second == b"+PONG\r\n"
        writer.close()

    RedisWorld().play(scenario)


def fail_once(real: Any) -> Any:
    """Make a method that fails the first time."""
    failed: list[bool] = []

    def act(*args: Any) -> Any:
        if not failed:
            failed.append(True)
            fail()
        return real(*args)

    return act


def test_a_fault_of_fakeredis_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run says what went wrong, and on which host; a service that can do without goes on."""
    monkeypatch.setattr(Session, "get", fail)
    recording = run(CACHED)
    assert all(request.good for request in recording.requests)
    assert any(
        "store#0: fakeredis fails at get: RuntimeError('no such luck')" in note
        for note in recording.notes
    )
