"""What the guards' tests share: surroundings in virtual time, and a callee that does as told."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import Phase, settings

from services.patterns.guards import Answer, Asked, Call, Failed, Guard, Surroundings

FEW = settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
"""A failing sabotage needs no smallest example, and shrinking is most of its time."""

Make = Callable[[Callable[[], Any], Surroundings], Guard]


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Longest(random.Random):
    """Draws the highest that it may."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


@dataclass
class Events:
    """Surroundings that count what a guard tells them."""

    counts: Counter[str] = field(default_factory=Counter)

    def around(self, seed: int = 0) -> Surroundings:
        return Surroundings(now=now_s, rng=random.Random(seed), count=self._count)

    def _count(self, event: str) -> None:
        self.counts[event] += 1


def standing(make: Make, settings: object, seed: int = 0) -> Guard:
    """Make a guard whose settings stay."""
    return make(lambda: settings, Events().around(seed))


@dataclass
class Callee:
    """Takes its time, fails when told, and notes when each call began and ended, and how."""

    takes_s: Callable[[Asked], float] = lambda _: 0.0
    fails: Callable[[Asked], bool] = lambda _: False
    status: int = 500
    retry_after_s: float = 0
    begun: list[tuple[float, Asked]] = field(default_factory=list)
    ended: list[tuple[float, Asked]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    async def __call__(self, asked: Asked) -> Answer:
        self.begun.append((now_s(), asked))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes_s(asked))
        finally:
            self.under_way -= 1
            self.ended.append((now_s(), asked))
        if self.fails(asked):
            raise Failed(Answer(b"no", self.status, self.retry_after_s))
        return Answer(str(len(self.begun)).encode())


@dataclass(frozen=True)
class Outcome:
    asked: Asked
    sent_s: float
    ended_s: float
    answer: Answer | None
    error: Exception | None

    @property
    def good(self) -> bool:
        return self.error is None

    @property
    def took_s(self) -> float:
        return self.ended_s - self.sent_s


async def once(guard: Guard, call: Call, asked: Asked | None = None) -> Outcome:
    """Ask once; errors that a guard may raise are an outcome."""
    asked = asked or Asked()
    sent_s, answer, error = now_s(), None, None
    try:
        answer = await guard(asked, call)
    except Exception as raised:  # noqa: BLE001 - the tests look at each
        error = raised
    return Outcome(asked, sent_s, now_s(), answer, error)


async def sent(
    guard: Guard, call: Call, times_s: Iterable[float], asked: Sequence[Asked] = (Asked(),)
) -> list[Outcome]:
    """Ask at given times, of all requests in turn; give the outcomes in the order of sending."""

    async def at(time_s: float, one: Asked) -> Outcome:
        await asyncio.sleep(time_s - now_s())
        return await once(guard, call, one)

    tasks = [
        asyncio.create_task(at(time_s, asked[number % len(asked)]))
        for number, time_s in enumerate(times_s)
    ]
    return list(await asyncio.gather(*tasks))


def evenly(rate_rps: float, duration_s: float, from_s: float = 0) -> list[float]:
    return [from_s + number / rate_rps for number in range(round(rate_rps * duration_s))]
