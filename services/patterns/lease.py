"""Lease: a right that one holder has for a limited time, kept by a Redis that all can see.

Its end needs nobody: a holder that dies loses it by the clock. For the same reason it protects
work that may be done twice at worst; what must never be done twice needs a fencing token as well
(`split-brain`). Sources: Gray and Cheriton, "Leases" (SOSP 1989); for caches Nishtala and others,
"Scaling Memcache at Facebook" (NSDI 2013). In production: `redis.lock.Lock`, etcd's leases.
"""

from redis.asyncio import Redis

from services.patterns.guards import Sabotage


class Lease:
    """A lease under a key: taken when free, and free again after `period_ms`."""

    def __init__(self, store: Redis, key: str, *, holder: str, period_ms: int) -> None:
        self._store = store
        self._key = key
        self._holder = holder
        self._period_ms = period_ms

    async def take(self) -> bool:
        """Take the lease; False when somebody holds it.

        Raises:
            redis.RedisError: the store gave no answer, so nobody knows.

        """
        taken = await self._store.set(self._key, self._holder, nx=True, px=self._period_ms)
        return bool(taken)


async def _granted(_: Lease) -> bool:
    return True


SABOTAGES = (Sabotage(Lease, "take", _granted),)
