"""How streams end, and how they do not, through a real Toxiproxy and through a simulated link."""

import asyncio

import pytest

from harness.model.toxic import ResetPeer, Stream, Timeout
from tests.conformance.rigs import Rig

LINK = "caller->callee"


class Callee:
    """Reads to the end, and keeps what came."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard.put_nowait(await reader.read())
        finally:
            writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(100):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        writer.close()


def test_there_is_no_half_close(rig: Rig) -> None:
    """Who ends one direction ends both: the answer to a question that ended never arrives."""

    async def scenario(rig: Rig) -> None:
        callee = Callee()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                callee.heard.put_nowait(await reader.read())
                await asyncio.sleep(0.1)
                writer.write(b"answer")
            finally:
                writer.close()

        await rig.serve(answer)
        reader, writer = await rig.connect()
        writer.write(b"question")
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
        assert await callee.heard.get() == b"question"
        assert await reader.read() == b""
        writer.close()

    rig.run(scenario)


@pytest.mark.parametrize("timeout_ms", [0, 5000])
def test_an_end_passes_a_timeout_at_once(rig: Rig, timeout_ms: int) -> None:
    """The toxic drops bytes and no ends: a caller that leaves is seen to have left."""

    async def scenario(rig: Rig) -> None:
        callee = Callee()
        await rig.serve(callee.listen)
        rig.add(Timeout(LINK, timeout_ms=timeout_ms, stream=Stream.UPSTREAM))
        _, writer = await rig.connect()
        writer.write(b"dropped")
        await asyncio.sleep(0.1)
        writer.close()
        assert await asyncio.wait_for(callee.heard.get(), 2) == b""

    rig.run(scenario)


def test_a_timeout_takes_any_number_of_bytes(rig: Rig) -> None:
    """What is dropped is read all the same, so that the caller's `drain` never waits."""

    async def scenario(rig: Rig) -> None:
        callee = Callee()
        await rig.serve(callee.listen)
        rig.add(Timeout(LINK, timeout_ms=0, stream=Stream.UPSTREAM))
        _, writer = await rig.connect()
        try:
            async with asyncio.timeout(5):
                for _ in range(400):
                    writer.write(bytes(65536))
                    await writer.drain()
        finally:
            writer.close()

    rig.run(scenario)


def test_a_reset_that_is_armed_comes_though_its_toxic_is_taken_off(rig: Rig) -> None:
    """Else the bytes that armed it would be missing from a connection that goes on."""

    async def scenario(rig: Rig) -> None:
        await rig.serve(echo)
        reset = ResetPeer(LINK, timeout_ms=500, stream=Stream.UPSTREAM)
        rig.add(reset)
        reader, writer = await rig.connect()
        try:
            writer.write(b"arms it")
            await asyncio.sleep(0.1)
            rig.remove(reset)
            writer.write(b"goes on")
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(100), 2)
        finally:
            writer.close()

    rig.run(scenario)
