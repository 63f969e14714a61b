"""Locks: one transaction at a time may change a row, and a deadlock is ended.

A transaction waits for a lock until it is free. Two that wait for each other wait for ever, unless
somebody looks for circles in the graph of who waits for whom, and refuses the one that would close
one; or unless nobody waits longer than a limit, which also ends waits that are no deadlock.
Sources: Coffman, Elphick, Shoshani, "System Deadlocks" (1971); Gray and Reuter, "Transaction
Processing" (1993). In production: your database's own (`deadlock_timeout` of PostgreSQL, InnoDB's
detection).
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")


class DeadlockError(Exception):
    """Waiting for this lock would close a circle."""


class Locks(Generic[K]):
    """Exclusive locks by key, each held by one owner; an owner may take one again."""

    def __init__(self, *, detect: bool) -> None:
        self._detect = detect
        self._holders: dict[K, int] = {}
        self._queues: dict[K, deque[tuple[int, asyncio.Future[None]]]] = {}
        self._wants: dict[int, K] = {}

    async def take(self, key: K, owner: int) -> None:
        """Take a lock, after all who have waited longer.

        Raises:
            DeadlockError: its holder waits, itself or through others, for a lock of this owner's.

        """
        holder = self._holders.setdefault(key, owner)
        if holder == owner:
            return
        if self._detect and owner in self._awaited(key):
            raise DeadlockError(f"waiting for {key} would close a circle")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(key, deque()).append((owner, turn))
        self._wants[owner] = key
        try:
            await turn
        except asyncio.CancelledError:
            # Whoever gives up while the lock is handed over to it hands it on.
            if turn.done() and not turn.cancelled():
                self._hand_on(key)
            raise
        finally:
            del self._wants[owner]

    def release(self, owner: int) -> None:
        """Give up all locks of an owner."""
        for key in [key for key, holder in self._holders.items() if holder == owner]:
            self._hand_on(key)

    def waiting(self) -> int:
        """Count the owners that wait."""
        return len(self._wants)

    def _awaited(self, key: K) -> Iterator[int]:
        """Go through those for whom somebody who wants a lock would wait, one after the other.

        Who queues before it waits for the same holder, so the line of holders is enough.
        """
        met: set[int] = set()
        while (holder := self._holders[key]) not in met:
            yield holder
            met.add(holder)
            if holder not in self._wants:
                return
            key = self._wants[holder]

    def _hand_on(self, key: K) -> None:
        queue = self._queues.get(key, deque())
        while queue:
            owner, turn = queue.popleft()
            if not turn.done():
                self._holders[key] = owner
                turn.set_result(None)
                return
        self._queues.pop(key, None)
        del self._holders[key]
