"""Random commands, transactions and scripts: the simulated Redis answers as a real one does."""

import asyncio
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from redis.asyncio import Connection
from redis.exceptions import RedisError

from harness.engines.sim.redis import PORT, SimConnection
from tests.engines.sim.redis_grammar import Command, commands
from tests.engines.sim.redis_server import NEEDS_SERVER, serving
from tests.engines.sim.redis_world import RedisWorld

pytestmark = NEEDS_SERVER

BATCH = 200
BATCHES = 60
UNORDERED = {"SMEMBERS", "SINTER", "SUNION", "SDIFF"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("redis")) as number:
        yield number


def drawn(seed: int) -> list[list[Command]]:
    """Draw batches of commands; each ends the transaction that it may have begun."""
    stream = commands(random.Random(seed))
    return [[*islice(stream, BATCH), ("DISCARD",)] for _ in range(BATCHES)]


async def asked(connection: Any, batches: list[list[Command]]) -> list[object]:
    """Send batch after batch, and collect the replies."""
    replies: list[object] = []
    await connection.connect()
    for batch in batches:
        await connection.send_packed_command(connection.pack_commands(batch))
        for _ in batch:
            try:
                replies.append(await connection.read_response())
            except RedisError as error:
                replies.append(f"{type(error).__name__}: {error}")
    await connection.disconnect()
    return replies


def real(port: int, seed: int, protocol: int) -> list[object]:
    async def scenario() -> list[object]:
        connection = Connection(host="127.0.0.1", port=port, **_options(protocol))
        return await asked(connection, [[("FLUSHALL",)], *drawn(seed)])

    return asyncio.run(scenario())[1:]


def simulated(seed: int, protocol: int) -> list[object]:
    async def scenario(_: object) -> list[object]:
        connection = SimConnection(host="cache", port=PORT, **_options(protocol))
        return await asked(connection, drawn(seed))

    return RedisWorld().play(scenario)


def _options(protocol: int) -> dict[str, Any]:
    said = {"encoding_errors": "replace", "decode_responses": True, "driver_info": None}
    return {"protocol": protocol, **said}


def comparable(command: Command, reply: Any) -> object:
    """Sort what has no order, and let a time to live be a second off: two clocks run."""
    if command[0] in UNORDERED and not isinstance(reply, str):
        return sorted(reply)
    if command[0] == "TTL" and isinstance(reply, int) and reply > 1:
        return (reply + 1) // 10
    return repr(reply)  # which tells 1 from 1.0 and from True; errors within it have no equality


@pytest.mark.parametrize(("seed", "protocol"), [(1, 2), (2, 3)])
def test_the_same_replies(port: int, seed: int, protocol: int) -> None:
    """Some 12,000 of each protocol, to the letter of every error."""
    asked_for = [command for batch in drawn(seed) for command in batch]
    here, there = simulated(seed, protocol), real(port, seed, protocol)
    assert len(here) == len(there) == len(asked_for) > 12_000
    different = [
        (number, command, one, other)
        for number, (command, one, other) in enumerate(zip(asked_for, here, there, strict=True))
        if comparable(command, one) != comparable(command, other)
    ]
    assert different == []


def test_the_replies_are_of_all_kinds(port: int) -> None:
    """Else their likeness proves nothing: few are errors, and each command succeeds somewhere."""
    seed, protocol = 1, 2
    del port
    asked_for = [command for batch in drawn(seed) for command in batch]
    replies = simulated(seed, protocol)
    failed = [isinstance(reply, str) and "Error: " in reply for reply in replies]
    assert sum(failed) < len(replies) / 2
    well = {command[0] for command, bad in zip(asked_for, failed, strict=True) if not bad}
    never = {command[0] for command in asked_for} - well
    assert never <= {"nosuch", "JSON.GET", "HEXPIRE", "OBJECT"}
    assert not [reply for reply in replies if "not simulated" in str(reply)]
