"""Lease: one holder at a time, until its time is over."""

import asyncio

from redis.asyncio import Redis

from services.patterns.lease import Lease
from tests.engines.sim.redis_world import RedisWorld

PERIOD_MS = 2000


def lease(store: Redis, holder: str, key: str = "key") -> Lease:
    return Lease(store, key, holder=holder, period_ms=PERIOD_MS)


def test_one_holder_has_it_until_its_time_is_over() -> None:
    """Nobody gets it before, its holder neither; afterwards it is free without anybody's doing."""

    async def scenario(world: RedisWorld) -> list[bool]:
        store = world.client()
        taken = [await lease(store, "a").take(), await lease(store, "b").take()]
        taken.append(await lease(store, "a").take())
        assert await store.get("key") == "a"
        await asyncio.sleep(0.9 * PERIOD_MS / 1000)
        taken.append(await lease(store, "b").take())
        await asyncio.sleep(0.2 * PERIOD_MS / 1000)
        taken.append(await lease(store, "b").take())
        assert await store.get("key") == "b"
        return taken

    assert RedisWorld().play(scenario) == [True, False, False, False, True]


def test_leases_of_other_keys_are_others() -> None:
    """One for each thing that is to be made."""

    async def scenario(world: RedisWorld) -> bool:
        store = world.client()
        assert await lease(store, "a").take()
        return await lease(store, "b", "other").take()

    assert RedisWorld().play(scenario)
