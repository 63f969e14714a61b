"""Toxiproxy's toxics, one small class each, as they act on the chunks of one direction.

Behaviour follows the `toxics` package of Toxiproxy 2.12: a toxic takes a chunk, waits, sends it
on, and is interrupted when the toxics beside it change. The conformance suite holds the simulated
link and a real server against the same assertions.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from harness.engines.sim.stub import Stub
from harness.model.fault import ToxicSpec

SLICE_MS = 100
"""Toxiproxy's `bandwidth` sends large chunks in pieces of this long."""

LATENCY_CHUNKS = 1024
"""How many chunks wait before Toxiproxy's `latency`; before the other toxics, none does."""


@dataclass(slots=True)
class Toxic:
    """What a toxic does to one direction of one connection, by Toxiproxy's attributes."""

    attributes: Mapping[str, int]

    closes_on_removal: ClassVar[bool] = False
    buffered_chunks: ClassVar[int] = 0

    async def pipe(self, stub: Stub) -> None:
        """Pass chunks on until the stream ends.

        Raises:
            Interrupted: the toxics of the link are being changed; what was held has been sent on.

        """
        raise NotImplementedError

    def __getitem__(self, name: str) -> int:
        return self.attributes.get(name, 0)


class Latency(Toxic):
    """Each chunk leaves `latency` ± `jitter` ms after it came in, in order."""

    buffered_chunks = LATENCY_CHUNKS

    async def pipe(self, stub: Stub) -> None:
        """Delay chunks until the stream ends."""
        while (chunk := await stub.read()) is not None:
            wait_s = self._delay_ms(stub.rng) / 1000 - (stub.time() - chunk.at_s)
            try:
                await stub.sleep(wait_s)
                # As Toxiproxy has it: what a chunk has waited in the queue is taken off the delay
                # of the next latency, so that two of them do not quite add up for a stream.
                chunk = chunk.at(chunk.at_s + wait_s)
            finally:
                await stub.send(chunk)
        stub.close()

    def _delay_ms(self, rng: random.Random) -> int:
        jitter = self["jitter"]
        return self["latency"] + (rng.randrange(2 * jitter) - jitter if jitter else 0)


class Bandwidth(Toxic):
    """At most `rate` KB a second, in pieces of 100 ms; a rate of 0 lets nothing through."""

    async def pipe(self, stub: Stub) -> None:
        """Slow chunks down until the stream ends."""
        rate = self["rate"]
        piece = rate * SLICE_MS
        while (chunk := await stub.read()) is not None:
            try:
                if not rate:
                    await stub.interruption()
                while len(chunk.data) > piece:
                    await stub.sleep(SLICE_MS / 1000)
                    head, chunk = chunk.split(piece)
                    await stub.send(head)
                await stub.sleep(len(chunk.data) / rate / 1000)
            finally:
                await stub.send(chunk)
        stub.close()


class SlowClose(Toxic):
    """The end of the stream comes `delay` ms late."""

    async def pipe(self, stub: Stub) -> None:
        """Pass chunks on, then wait before closing; when interrupted meanwhile, wait anew."""
        while (chunk := await stub.read()) is not None:
            await stub.send(chunk)
        await stub.sleep(self["delay"] / 1000)
        stub.close()


class Timeout(Toxic):
    """Data is dropped; after `timeout` ms without any the connection closes, at 0 never."""

    closes_on_removal = True

    async def pipe(self, stub: Stub) -> None:
        """Drop chunks until the timer ends the stream."""
        limit_s = self["timeout"] / 1000 or None
        try:
            while (chunk := await stub.read(limit_s)) is not None:
                stub.drop(chunk)
        except TimeoutError:
            pass
        stub.close()


class ResetPeer(Toxic):
    """`timeout` ms after the first chunk, or the end, the connection ends."""

    async def pipe(self, stub: Stub) -> None:
        """Wait for data, then for the time, which nothing interrupts; then end the stream."""
        if (chunk := await stub.read()) is not None:
            stub.drop(chunk)
        stub.deaf = True
        await stub.sleep(self["timeout"] / 1000)
        stub.close()


class Slicer(Toxic):
    """Chunks are cut into pieces of `average_size` ± `size_variation`, `delay` µs apart."""

    async def pipe(self, stub: Stub) -> None:
        """Cut chunks up until the stream ends."""
        while (chunk := await stub.read()) is not None:
            cuts = self._cuts(0, len(chunk.data), stub.rng)
            sent = 0
            try:
                for cut in cuts:
                    head, chunk = chunk.split(cut - sent)
                    sent = cut
                    await stub.send(head)
                    await stub.sleep(self["delay"] / 1_000_000)
            finally:
                if chunk.data:
                    await stub.send(chunk)
        stub.close()

    def _cuts(self, start: int, end: int, rng: random.Random) -> list[int]:
        average, variation = self["average_size"], self["size_variation"]
        if end - start - average <= variation:
            return [end]
        middle = start + (end - start) // 2
        if variation:
            middle += rng.randrange(2 * variation) - variation
        return self._cuts(start, middle, rng) + self._cuts(middle, end, rng)


class LimitData(Toxic):
    """After `bytes` bytes the connection ends; they are counted over interruptions."""

    async def pipe(self, stub: Stub) -> None:
        """Pass bytes on until there were enough."""
        while (chunk := await stub.read()) is not None:
            head, rest = chunk.split(self["bytes"] - stub.passed_bytes)
            stub.passed_bytes += len(head.data)
            stub.drop(rest)
            if head.data:
                await stub.send(head)
            if stub.passed_bytes >= self["bytes"]:
                break
        stub.close()


KINDS: Mapping[str, type[Toxic]] = {
    "latency": Latency,
    "bandwidth": Bandwidth,
    "slow_close": SlowClose,
    "timeout": Timeout,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "limit_data": LimitData,
}
"""What each of Toxiproxy's toxic types is called there, and what it does."""


def make(toxic: ToxicSpec) -> Toxic:
    """Make what acts for a toxic on one direction of one connection."""
    return KINDS[toxic.type](toxic.attributes)
