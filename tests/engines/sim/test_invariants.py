"""What holds in the kernel at every moment: assertions that find it when it does not."""

import asyncio
import gc
from collections.abc import Generator
from typing import Any

import pytest

from harness.conductor import conductor
from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.invariants import CHECKS, Checks, Ledger
from harness.engines.sim.leftovers import check_closed
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.pipe import Pipe
from harness.engines.sim.process import Process, ProcessState
from harness.engines.sim.stub import Chunk, Stub
from harness.engines.sim.tasks import Task
from harness.engines.sim.toxics import Toxic
from harness.model import Kill, Latency, Pause, Poisson, Service, Timeout, during
from harness.model.fault import ToxicSpec
from tests.support import World, lab, pythons_collector, run


@pytest.fixture(autouse=True, scope="module")
def _calm() -> Generator[None]:
    """Leave the collector as Python has it: these look at what it does."""
    with pythons_collector():
        yield


def test_the_dear_checks_are_on_in_tests() -> None:
    """Else the property tests would look at half of what they could find.

    Nobody else pays for them unless he asks.
    """
    assert CHECKS.dear
    assert not Checks().dear


def test_a_ledger_finds_bytes_that_are_changed_repeated_or_out_of_order() -> None:
    """Where they leave the proxy, and where they are read."""
    ledger = Ledger()
    ledger.write(b"abcdef")
    ledger.leave(0, b"ab")
    ledger.leave(4, b"ef")  # what lay between was lost
    with pytest.raises(AssertionError, match="byte 2 leaves the proxy after byte 5"):
        ledger.leave(2, b"cd")
    ledger.read(b"abe")
    with pytest.raises(AssertionError, match="other bytes are read"):
        ledger.read(b"e")
    ledger.read(b"f")
    ledger.write(b"gh")
    with pytest.raises(AssertionError, match="other bytes leave"):
        ledger.leave(6, b"hg")


class Wire:
    """A connection from host `a` to host `b`, and its way there."""

    def __init__(self) -> None:
        self.world = World(("a", "b"))
        self.link = self.world.links["a", "b"]
        self.got: list[bytes] = []

    async def open(self) -> tuple[asyncio.Transport, Pipe]:
        got = self.got

        class Keep(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                got.append(data)

        loop = self.world.loop
        await self.world.on("b", loop.create_server(Keep, None, 80))
        transport, _ = await self.world.on("a", loop.create_connection(asyncio.Protocol, "b", 80))
        (pipe,) = (pipe for pipe in self.link.pipes if pipe.stream == "upstream")
        return transport, pipe


def test_a_byte_that_is_read_twice_is_found() -> None:
    """No count goes below zero."""
    wire = Wire()

    async def main() -> None:
        transport, pipe = await wire.open()
        transport.write(b"abc")
        await asyncio.sleep(1)
        assert wire.got == [b"abc"]
        with pytest.raises(AssertionError, match="more was read than had left"):
            pipe.acknowledge(b"c")

    wire.world.run(main())


def test_a_byte_that_is_missing_is_found_at_the_end() -> None:
    """Written = read + lost + under way, for each direction that ends."""
    wire = Wire()

    async def main() -> None:
        transport, pipe = await wire.open()
        transport.write(b"abc")
        pipe.check()
        await asyncio.sleep(1)
        pipe.check()
        pipe._read -= 1  # noqa: SLF001
        with pytest.raises(AssertionError, match="a->b, upstream 1: of 3 bytes 2 were read"):
            transport.close()
        pipe._read += 1  # noqa: SLF001

    wire.world.run(main())


class Leak(Toxic):
    """A toxic that loses a chunk and does not say so."""

    async def pipe(self, stub: Stub) -> None:
        await stub.read()
        await stub.read()


class Repeat(Toxic):
    """A toxic that sends each chunk twice."""

    async def pipe(self, stub: Stub) -> None:
        while (chunk := await stub.read()) is not None:
            await stub.send(chunk)
            await stub.send(chunk)


class Swap(Toxic):
    """A toxic that sends pairs of chunks the other way round."""

    async def pipe(self, stub: Stub) -> None:
        first, second = await stub.read(), await stub.read()
        assert first
        assert second
        await stub.send(second)
        await stub.send(first)


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (Leak, "neither sent nor dropped"),
        (Repeat, "sends more than it has taken"),
        (Swap, "neither sent nor dropped"),
    ],
)
def test_a_toxic_that_loses_repeats_or_swaps_bytes_is_found(
    monkeypatch: pytest.MonkeyPatch, bad: type[Toxic], found: str
) -> None:
    """Whatever it may forget, its stub counts."""
    monkeypatch.setattr("harness.engines.sim.pipe.make", lambda toxic: bad(toxic.attributes))
    wire = Wire()

    async def main() -> None:
        wire.link.add(
            ToxicSpec(name="bad", type="bad", stream="upstream", toxicity=1.0, attributes={})
        )
        transport, _ = await wire.open()

        def write() -> None:
            transport.write(b"1")
            transport.write(b"2")

        with pytest.raises(AssertionError, match=found):
            write()

    wire.world.run(main())


def test_a_callback_of_a_frozen_process_is_found() -> None:
    """Where somebody has changed a process's state and not told the loop."""
    loop = VirtualLoop()
    process = Process("a", 0)
    process.state = ProcessState.PAUSED
    loop.call_soon(print, context=process.context())
    with pytest.raises(AssertionError, match="dead or frozen process"):
        loop.run_forever()
    loop.close()


def test_a_time_that_goes_back_is_found() -> None:
    """No timer fires before another one has."""
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(5))
    timer = loop.call_later(1, print)
    loop._timers[0] = (3.0, 0, timer)  # type: ignore[assignment] # noqa: SLF001
    with pytest.raises(AssertionError, match="time goes back"):
        loop.run_until_complete(asyncio.sleep(5))
    loop.close()


def test_what_a_closed_run_has_left_is_found() -> None:
    """A listener, an end of a connection, a stream on a link."""
    wire = Wire()

    async def main() -> None:
        transport, _ = await wire.open()
        processes = wire.world.processes
        with pytest.raises(AssertionError, match=r"b#0 still listens on \[80\]"):
            check_closed([processes["b"]], [])
        with pytest.raises(AssertionError, match="a#0 has 1 open connections"):
            check_closed([processes["a"]], [])
        with pytest.raises(AssertionError, match="a->b still carries 2 streams"):
            check_closed([], [wire.link])
        transport.close()
        await asyncio.sleep(1)
        processes["b"].listeners.clear()
        check_closed(processes.values(), [wire.link])

    wire.world.run(main())


OF_A_RUN = (VirtualLoop, Endpoint, Pipe, Stub, Chunk, Task, asyncio.TimerHandle)


def there() -> list[object]:
    """Find what there is in memory of any run."""
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, OF_A_RUN)]


def test_a_closed_run_leaves_nothing() -> None:
    """No loop, task, timer, connection or toxic of it is in memory, whatever was under way."""
    value = lab(
        Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 900}),
        Service("back", app="services.worker", settings={"workers": 2, "service_ms": 300}),
        load=Poisson(to="front", rate_rps=40, timeout_ms=500),
        duration_s=4,
        faults=(
            during(1, 2, Latency("front->back", latency_ms=300, toxicity=0.5)),
            during(1.5, 3, Timeout("front->back", timeout_ms=0)),
            during(1.6, 1.8, Kill("back")),
            during(2.5, 3, Pause("front")),
        ),
    )
    before = there()
    recording: Any = run(value, conductor(value.faults, value.duration_s))
    assert len({request.status for request in recording.requests}) > 1
    del recording
    known = {id(one) for one in before}
    assert [one for one in there() if id(one) not in known] == []
