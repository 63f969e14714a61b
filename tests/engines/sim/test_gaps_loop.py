"""The loop's rarer ways: interrupts, cancelled callbacks, packing that fails, many failures."""

import asyncio
import gc
import weakref
from types import FunctionType
from typing import Any

import pytest

from harness.engines.sim import failures
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import Process
from tests.support import World, virtually


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_callback_ends_the_run(error: type[BaseException]) -> None:
    """Ctrl-C is the learner's: it is no crash of whoever happened to run."""
    loop = VirtualLoop()
    crashes: list[object] = []
    loop.on_crash = lambda *details: crashes.append(details)

    def interrupt() -> None:
        raise error

    loop.call_later(3, interrupt)
    waiting = loop.create_future()
    try:
        with pytest.raises(error):
            loop.run_until_complete(waiting)
        assert loop.time() == 3
    finally:
        loop.close()
    assert crashes == []


def test_a_callback_that_is_cancelled_before_its_turn_does_not_run() -> None:
    """Also when it was to run in the next round; those around it do."""
    ran: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(ran.append, "before")
        handle = loop.call_soon(ran.append, "cancelled")
        loop.call_soon(ran.append, "after")
        handle.cancel()
        assert handle.cancelled()
        await asyncio.sleep(1)

    virtually(main())
    assert ran == ["before", "after"]


def test_packing_that_fails_tells_him_who_awaits_it() -> None:
    """As an executor would: the error is in the future, not in the call."""

    def pack() -> bytes:
        raise ValueError("cannot be packed")

    def ask(loop: VirtualLoop) -> Any:
        return loop.run_in_executor(None, pack)

    # Only aiohttp may ask.
    asking = FunctionType(ask.__code__, {"__name__": "aiohttp.payload"}, closure=ask.__closure__)

    async def main() -> None:
        future = asking(asyncio.get_running_loop())
        with pytest.raises(ValueError, match="cannot be packed"):
            await future

    virtually(main())


def test_failures_that_were_awaited_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are before anybody asks; the one that nobody awaited is still told."""
    monkeypatch.setattr(failures, "KEPT", 10)
    loop = VirtualLoop()
    tasks: list[weakref.ref[asyncio.Task[None]]] = []

    async def fail() -> None:
        raise ValueError

    def start() -> asyncio.Task[None]:
        task = loop.create_task(fail())
        tasks.append(weakref.ref(task))
        return task

    async def main() -> None:
        start()
        for _ in range(100):
            with pytest.raises(ValueError, match=r"^$"):
                await start()

    loop.run_until_complete(loop.create_task(main(), context=Process("host", 0).context()))
    gc.collect()
    alive = [task for ref in tasks if (task := ref()) is not None]
    assert len(alive) <= 12
    assert [failure.task for failure in loop.failures.all()] == [tasks[0]()]
    loop.close()


def test_a_server_serves_from_its_making_until_it_is_closed() -> None:
    """It belongs to the loop that made it; who cancels `serve_forever` closes it."""
    world = World(("a", "b"))

    async def listen() -> asyncio.AbstractServer:
        return await asyncio.get_running_loop().create_server(asyncio.Protocol, None, 80)

    async def main() -> None:
        server: Any = await world.on("b", listen())
        assert server.get_loop() is world.loop
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await server.serve_forever()
        assert world.loop.time() == 3600
        assert not server.is_serving()

    world.run(main())


def test_bytes_of_a_client_whose_dial_waits_arrive_when_it_is_taken() -> None:
    """The proxy keeps what it was sent behind a full queue, in order, and then the end."""
    world = World(("a", "b"))
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    async def call(*pieces: bytes) -> None:
        _, writer = await asyncio.open_connection("b", 80)
        for piece in pieces:
            writer.write(piece)
        writer.close()

    async def main() -> None:
        await world.on("b", asyncio.start_server(hear, None, 80, backlog=0))
        world.pause("b")
        await world.on("a", call(b"first"))
        await world.on("a", call(b"kept, ", b"in ", b"order"))
        await asyncio.sleep(0.5)
        world.resume("b")
        await asyncio.sleep(0.1)
        assert heard == [b"first"]
        await asyncio.sleep(1)
        assert heard == [b"first", b"kept, in order"]

    world.run(main())
