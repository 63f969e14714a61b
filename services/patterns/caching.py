"""Cache: keep answers for a while, and one of five ways to fill it and to write past it.

Aside: the caller fills it after a miss, and a write drops the entry. Read-through: the cache fills
itself, once for all who wait, and whoever gives up does not stop it. Write-through: a write puts
its value into the cache when the callee has it. Write-behind: a write is answered from the cache,
and the callee gets the last value of each resource a little later; a crash between loses it.
Refresh-ahead: a read late in an entry's life renews it behind the reader's back. Sources: Nishtala
and others, "Scaling Memcache at Facebook" (NSDI 2013); the terms from Oracle Coherence's manual. In
production: aiocache or cachetools, Redis beside the service, Caffeine's `refreshAfterWrite`.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from services.patterns.guards import (
    FAILURES,
    Answer,
    Asked,
    Call,
    PerKey,
    Sabotage,
    Surroundings,
)
from services.patterns.single_flight import SingleFlight
from services.settings import at_least, at_most, live


class Strategy(StrEnum):
    """Who fills the cache, and what a write does to it."""

    ASIDE = "aside"
    READ_THROUGH = "read-through"
    WRITE_THROUGH = "write-through"
    WRITE_BEHIND = "write-behind"
    REFRESH_AHEAD = "refresh-ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How long an answer is kept, how many are, and the strategy.

    Refresh-ahead renews in the last `refresh` share of an entry's life; write-behind hands writes
    on every `flush_ms`. What was kept under another `version` is old: a change of it purges all.
    """

    strategy: Strategy = live(Strategy.ASIDE)
    ttl_ms: float = live(1000)
    entries: int = live(1000)
    refresh: float = live(0.2)
    flush_ms: float = live(100)
    version: int = live(0)

    def __post_init__(self) -> None:
        at_least(1, entries=self.entries, ttl_ms=self.ttl_ms)
        at_least(0, refresh=self.refresh, flush_ms=self.flush_ms, version=self.version)
        at_most(1, refresh=self.refresh)


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: Answer
    expires_s: float


@dataclass(slots=True)
class _Writes:
    """How many writes of a resource have ended: a read counts before and after."""

    count: int = 0


class Store:
    """Answers by name until they expire; of too many, the one that was used longest ago goes."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def left_s(self, name: str) -> float:
        """Give how long an answer is still good, 0 without one."""
        kept = self._kept.get(name)
        return max(0.0, kept.expires_s - self._now()) if kept else 0.0

    def get(self, name: str) -> Answer | None:
        """Give an answer that is still good."""
        if self.left_s(name) <= 0:
            self.drop(name)
            return None
        self._kept.move_to_end(name)
        return self._kept[name].answer

    def put(self, name: str, answer: Answer, *, ttl_s: float, most: int) -> None:
        """Keep an answer."""
        self._kept[name] = _Entry(answer, self._now() + ttl_s)
        self._kept.move_to_end(name)
        while len(self._kept) > most:
            self._kept.popitem(last=False)

    def drop(self, name: str) -> None:
        """Forget an answer."""
        self._kept.pop(name, None)

    def clear(self) -> None:
        """Forget all answers."""
        self._kept.clear()


class Caching:
    """Answers reads from the store while it can, and takes writes as its strategy does.

    A read that began before a write of the same resource ended does not put its old answer into
    the store after it.
    """

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._store = Store(around.now)
        self._version = settings().version
        self._fills = SingleFlight[Answer]()
        self._writes = PerKey(lambda _: _Writes())
        self._dirty: dict[str, tuple[Asked, Call]] = {}
        self._behind: set[asyncio.Task[None]] = set()
        self._flushing = False

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Answer from the store, or by the call."""
        if self._version != self._settings().version:
            self._version = self._settings().version
            self._store.clear()
        name = f"{asked.key} {asked.resource}"
        if asked.writes:
            return await self._write(name, asked, call)
        answer = self._dirty_answer(name) or self._store.get(name)
        self._around.count("miss" if answer is None else "hit")
        if answer is None:
            return await self._missed(name, asked, call)
        if self._is_old(name):
            self._in_background(self._renew(name, asked, call))
        return answer

    async def flush(self) -> None:
        """Hand all writes on that the callee has not got; one that fails is kept for the next."""
        for name, (asked, call) in list(self._dirty.items()):
            try:
                await call(asked)
            except FAILURES:
                self._around.count("flush failed")
            else:
                if self._dirty[name][0] is asked:  # Else it was written again meanwhile.
                    del self._dirty[name]
                    self._writes.of(name).count += 1

    async def _missed(self, name: str, asked: Asked, call: Call) -> Answer:
        async def fill() -> Answer:
            return await self._fill(name, asked, call)

        if self._settings().strategy is Strategy.ASIDE:
            return await fill()
        return await self._fills.do(self._flight(name), fill)

    def _flight(self, name: str) -> str:
        """Name the call that readers share: none waits for one that began before a write's end."""
        return f"{self._version} {self._writes.of(name).count} {name}"

    async def _fill(self, name: str, asked: Asked, call: Call) -> Answer:
        writes, version = self._writes.of(name), self._settings().version
        before = writes.count
        answer = await call(asked)
        written = writes is not self._writes.of(name) or writes.count != before
        if not written and version == self._settings().version and name not in self._dirty:
            self._put(name, answer)
        return answer

    def _put(self, name: str, answer: Answer) -> None:
        settings = self._settings()
        self._store.put(name, answer, ttl_s=settings.ttl_ms / 1000, most=settings.entries)

    async def _write(self, name: str, asked: Asked, call: Call) -> Answer:
        strategy = self._settings().strategy
        if strategy is Strategy.WRITE_BEHIND:
            self._dirty[name] = (asked, call)
            self._put(name, Answer(asked.body))
            self._flush_later()
            return Answer(status=202)
        try:
            answer = await call(asked)
        finally:  # After a failure nobody knows what the callee has.
            self._writes.of(name).count += 1
            self._store.drop(name)
        if strategy is Strategy.WRITE_THROUGH:
            self._put(name, Answer(asked.body))
        return answer

    def _dirty_answer(self, name: str) -> Answer | None:
        kept = self._dirty.get(name)
        return Answer(kept[0].body) if kept else None

    def _is_old(self, name: str) -> bool:
        settings = self._settings()
        ahead = settings.strategy is Strategy.REFRESH_AHEAD
        return ahead and self._store.left_s(name) < settings.refresh * settings.ttl_ms / 1000

    async def _renew(self, name: str, asked: Asked, call: Call) -> None:
        async def fill() -> Answer:
            self._around.count("refresh")
            return await self._fill(name, asked, call)

        try:
            await self._fills.do(self._flight(name), fill)
        except FAILURES:
            self._around.count("refresh failed")

    def _flush_later(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._in_background(self._flushes())

    async def _flushes(self) -> None:
        try:
            while self._dirty:
                await asyncio.sleep(self._settings().flush_ms / 1000)
                await self.flush()
        finally:
            self._flushing = False

    def _in_background(self, work: Awaitable[None]) -> None:
        # Held until it is done: the loop itself holds no task that waits.
        task = asyncio.ensure_future(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)


SABOTAGES = (
    Sabotage(Store, "left_s", lambda *_: math.inf),
    Sabotage(Store, "put", lambda *_, **__: None),
    Sabotage(Store, "drop", lambda *_: None),
    Sabotage(Store, "clear", lambda _: None),
    Sabotage(Caching, "_is_old", lambda *_: False),
    Sabotage(Caching, "_flush_later", lambda _: None),
    Sabotage(Caching, "_dirty_answer", lambda *_: None),
)
