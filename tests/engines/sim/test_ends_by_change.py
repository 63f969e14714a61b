"""A change of toxics sends on what they held, which may end the connection further on.

Found by `./lab swarm --seed 332`: a `bandwidth` that was taken off before a `limit_data`.
"""

import asyncio
import itertools

import pytest

from harness.model.fault import ToxicSpec
from tests.support import World

HOLDERS = {
    "bandwidth": {"rate": 0},
    "latency": {"latency": 60_000},
    "slicer": {"average_size": 10, "delay": 60_000_000},
}
"""Toxics that hold what comes in for a minute or more."""

ENDS = {"limit_data": {"bytes": 1}, "reset_peer": {"timeout": 0}}
"""Toxics that end the connection when something comes through."""


def toxic(kind: str, attributes: dict[str, int], name: str = "") -> ToxicSpec:
    return ToxicSpec(
        name=name or kind, type=kind, stream="upstream", toxicity=1.0, attributes=attributes
    )


class Ends(asyncio.Protocol):
    """Notes that the connection is over."""

    lost = False

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kinds", [*itertools.permutations(HOLDERS, 2)], ids=">".join)
@pytest.mark.parametrize("removed", [0, 1])
def test_what_a_toxic_held_may_end_the_connection(
    end: str, kinds: tuple[str, str], removed: int
) -> None:
    """When it is taken off, or the one behind it; the other is then taken off from nothing."""
    world = World(("a", "b"))
    link = world.links["a", "b"]

    async def main() -> None:
        loop = world.loop
        for kind in kinds:
            link.add(toxic(kind, HOLDERS[kind]))
        link.add(toxic(end, ENDS[end]))
        await world.on("b", loop.create_server(Ends, None, 80))
        client, protocol = await world.on("a", loop.create_connection(Ends, "b", 80))
        for _ in range(4):
            client.write(b"x" * 100)
            await asyncio.sleep(1)
        assert not protocol.lost
        for kind in (kinds[removed], kinds[1 - removed]):
            link.remove(kind)
        await asyncio.sleep(1)
        assert protocol.lost
        assert not link.pipes
        link.remove(end)

    world.run(main())


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_toxic_that_is_added_may_find_an_end(kind: str) -> None:
    """Of the one before it, which is interrupted, and sends on what it held."""
    world = World(("a", "b"))
    link = world.links["a", "b"]

    async def main() -> None:
        loop = world.loop
        link.add(toxic(kind, HOLDERS[kind]))
        await world.on("b", loop.create_server(Ends, None, 80))
        client, protocol = await world.on("a", loop.create_connection(Ends, "b", 80))
        client.write(b"x" * 100)
        await asyncio.sleep(1)
        client.close()
        link.add(toxic("limit_data", {"bytes": 1}))
        link.remove(kind)
        await asyncio.sleep(1)
        assert protocol.lost
        assert not link.pipes

    world.run(main())


ENDING = {
    "reset_peer": {"timeout": 500},
    "timeout": {"timeout": 500},
    "limit_data": {"bytes": 1},
}
"""Toxics that end the connection, at once or half a second after something came."""


@pytest.mark.parametrize("kind", ENDING)
@pytest.mark.parametrize("behind", [None, "slicer", "latency"])
def test_a_toxic_that_ends_the_stream_may_be_followed_by_its_namesake(
    kind: str, behind: str | None
) -> None:
    """While it waits to end it, it is taken off and another of its name put on: no byte is lost.

    Found by `./lab swarm --seed 2412`. The pipe counts its bytes when it ends.
    """
    world = World(("a", "b"))
    link = world.links["a", "b"]

    async def main() -> None:
        loop = world.loop
        link.add(toxic(kind, ENDING[kind]))
        if behind:
            link.add(toxic(behind, HOLDERS[behind]))
        await world.on("b", loop.create_server(Ends, None, 80))
        client, protocol = await world.on("a", loop.create_connection(Ends, "b", 80))
        client.write(b"x" * 100)
        await asyncio.sleep(0.1)
        for _ in range(2):
            link.remove(kind)
            assert kind not in {name for pipe in link.pipes for name in pipe.acting()}
            assert all(isinstance(name, str) for pipe in link.pipes for name in pipe.acting())
            link.add(toxic(kind, ENDING[kind]))
        await asyncio.sleep(120)
        link.remove(kind)
        assert protocol.lost
        assert not link.pipes

    world.run(main())
