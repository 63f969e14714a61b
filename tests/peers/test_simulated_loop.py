"""The loop that peers' tests run on: theirs alone, with all that they take from a machine."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from harness.engines.sim import network
from harness.engines.sim.endings import ForbiddenError
from tests.peers.__main__ import summary
from tests.peers.exceptions import Cause, Listed
from tests.peers.simulated_loop import HOST, PeerLoop

HOUR_S = 3600


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[PeerLoop]:
    monkeypatch.setattr(network, "PROXY", HOST)
    loop = PeerLoop()
    yield loop
    loop.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(9))
    writer.close()


def test_a_socket_lends_its_address(loop: PeerLoop) -> None:
    """Who listens on a bound socket is found at its port, with no byte through the machine."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]

        async def scenario() -> bytes:
            await asyncio.start_server(echo, sock=bound)
            reader, writer = await asyncio.open_connection("localhost", port)
            writer.write(b"hello")
            answer = await reader.read()
            writer.close()
            return answer

        assert loop.run_until_complete(scenario()) == b"hello"
        bound.settimeout(0)
        with pytest.raises(BlockingIOError):
            bound.accept()


def test_time_is_virtual_and_threads_are_none(loop: PeerLoop) -> None:
    """An hour is over at once, and what is given to a thread is done here and now."""

    async def scenario() -> tuple[float, int]:
        await asyncio.sleep(HOUR_S)
        return loop.time(), await asyncio.to_thread(int, "7")

    assert loop.run_until_complete(scenario()) == (HOUR_S, 7)


def test_closing_lets_arrive_what_is_on_its_way(loop: PeerLoop) -> None:
    """As on a real loop, where it arrives while a test cleans up."""
    ended: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(await reader.read())
        writer.close()

    async def scenario() -> None:
        await asyncio.start_server(serve, "127.0.0.1", 80)
        _, writer = await asyncio.open_connection("127.0.0.1", 80)
        writer.write(b"last words")
        writer.close()

    loop.run_until_complete(scenario())
    assert ended == []
    loop.close()
    assert ended == [b"last words"]


def test_what_is_refused_fails_one_test_and_the_loop_goes_on(loop: PeerLoop) -> None:
    """A fixture that cleans up after it runs on the same loop."""
    with pytest.raises(ForbiddenError, match="UDP is not simulated"):
        loop.run_until_complete(loop.create_datagram_endpoint(asyncio.DatagramProtocol))
    assert loop.run_until_complete(asyncio.sleep(1, "clean")) == "clean"


def test_debug_mode_is_on_while_no_loop_runs(loop: PeerLoop) -> None:
    """A test turns it on before it starts its loop, and the loop's process has it too."""

    async def scenario() -> bool:
        return asyncio.get_running_loop().get_debug()

    loop.set_debug(True)
    assert loop.get_debug()
    assert loop.run_until_complete(scenario())


def test_a_socket_that_leads_nowhere_is_closed_with_the_loop() -> None:
    """On a real loop the connect would have failed; Python must not warn in some later test."""
    loop = PeerLoop()
    with socket.socket() as dialled:
        loop.run_until_complete(loop.sock_connect(dialled, ("127.0.0.1", 9)))
        loop.close()
        assert dialled.fileno() == -1


def test_a_redis_of_its_own_for_each_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test has written, the next does not find."""
    monkeypatch.setattr(PeerLoop, "serves_redis", True)

    async def scenario() -> int:
        async with Redis() as redis:
            return int(await redis.incr("n"))

    for _ in range(2):
        loop = PeerLoop()
        assert loop.run_until_complete(scenario()) == 1
        loop.close()


def test_the_summary_counts_what_passes() -> None:
    """What passes on no loop is not counted, and exceptions are, by their cause."""
    simulated = {"t.py::a": "passed", "t.py::b[1]": "failed", "t.py::c": "skipped"}
    real = {"t.py::b[1]": "passed", "t.py::c": "skipped"}
    listed = [Listed(library="x", cause=Cause.CLOCK, test="t.py::b")]
    assert summary("x==1", simulated, real, listed) == (
        "x==1: of 2 tests that pass on a real loop, 1 pass on the simulator; exceptions: 1 clock"
    )
