"""What guards count of what they do: these become metrics, and labs and lessons read them."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.patterns.adaptive_limit import AdaptiveLimit
from services.patterns.adaptive_limit import Settings as Adaptive
from services.patterns.breaker import CircuitBreaker, OpenError, Opens
from services.patterns.breaker import Settings as Breaker
from services.patterns.bulkhead import Bulkhead
from services.patterns.bulkhead import Settings as Compartments
from services.patterns.caching import Caching, Strategy
from services.patterns.caching import Settings as Cache
from services.patterns.deadline import Deadline
from services.patterns.deadline import Settings as Deadlines
from services.patterns.fallback import Fallback
from services.patterns.fallback import Settings as Fallbacks
from services.patterns.guards import Answer, Asked, Call, Guard, PerKey, compose
from services.patterns.hedging import Hedging
from services.patterns.hedging import Settings as Hedge
from services.patterns.limiting import Kind, Limiter
from services.patterns.limiting import Settings as Limits
from services.patterns.retry import Retries
from services.patterns.retry import Settings as Retry
from services.patterns.shedding import Order, Shedding
from services.patterns.shedding import Settings as Shed
from services.patterns.single_flight import OneFlight
from services.patterns.single_flight import Settings as Flights
from services.patterns.throttling import Settings as Throttle
from services.patterns.throttling import Throttling
from tests.guarded import Callee, Events, Make, sent
from tests.support import virtually

GOOD, BAD = "good", "bad"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Requests at their times to a callee that fails from a moment on, and what is counted."""

    make: Make
    settings: Any
    times_s: Sequence[float]
    counts: dict[str, int]
    good: str
    takes_s: float = 0.1
    fails_from_s: float = math.inf
    asked: Sequence[Asked] = field(default=(Asked(),))


def once_late(count: int) -> list[float]:
    """Ask so often at one moment, later than 0."""
    return [3.0] * count


SCENES = {
    "full": Scene(make=Bulkhead, settings=Compartments(slots=1), times_s=once_late(3),
                  counts={"full": 2}, good="+--"),
    "waited in vain": Scene(make=Bulkhead, settings=Compartments(slots=1, queue=1, wait_ms=50),
                            times_s=once_late(2), counts={"full": 1}, good="+-"),
    "crowded": Scene(make=AdaptiveLimit, settings=Adaptive(start=1, most=1),
                     times_s=once_late(2), counts={"crowded": 1}, good="+-"),
    "tripped": Scene(make=CircuitBreaker, settings=Breaker(opens=Opens.IN_A_ROW, calls=2),
                     times_s=[3, 4, 5, 6], fails_from_s=0, good="----",
                     counts={"trip": 1, "refused": 2}),
    "tripped over time": Scene(
        make=CircuitBreaker, settings=Breaker(opens=Opens.OVER_TIME, calls=3), fails_from_s=0,
        times_s=[3, 4, 5, 6], counts={"trip": 1, "refused": 1}, good="----"),
    "kept": Scene(make=Caching, settings=Cache(ttl_ms=1500), times_s=[3, 4, 5],
                  counts={"miss": 2, "hit": 1}, good="+++"),
    "refreshed": Scene(
        make=Caching, settings=Cache(ttl_ms=1000, strategy=Strategy.REFRESH_AHEAD, refresh=0.5),
        times_s=[3, 3.9, 4.4], counts={"miss": 1, "hit": 2, "refresh": 1}, good="+++"),
    "expired": Scene(make=Deadline, settings=Deadlines(), times_s=[3.0, 4.0], good="-+",
                     counts={"expired": 1}, asked=(Asked(deadline_s=2.9), Asked())),
    "out of time": Scene(make=Deadline, settings=Deadlines(budget_ms=50), times_s=[3.0],
                         counts={}, good="-"),
    "replaced": Scene(make=Fallback, settings=Fallbacks(stale_ms=1000), times_s=[3, 3.5, 6],
                      fails_from_s=3.2, counts={"stale": 1, "fixed": 1}, good="+++"),
    "hedged": Scene(make=Hedging, settings=Hedge(after_ms=50, budget=0.001, burst=1),
                    times_s=[3, 4], counts={"hedge": 1, "no budget": 1}, good="++"),
    "limited": Scene(make=Limiter, settings=Limits(rate_rps=1, burst=1), times_s=[3, 3.5, 4],
                     counts={"limited": 1}, good="+-+"),
    "too many at once": Scene(
        make=Limiter, settings=Limits(kind=Kind.CONCURRENCY, burst=1), times_s=once_late(2),
        counts={"limited": 1}, good="+-"),
    "retried": Scene(make=Retries, settings=Retry(tries=3), times_s=[3], fails_from_s=0,
                     counts={"retry": 2}, good="-"),
    "not retried": Scene(make=Retries, settings=Retry(tries=3, budget=0.001, burst=1),
                         times_s=[3], fails_from_s=0, counts={"retry": 1, "no budget": 1},
                         good="-"),
    "shed": Scene(make=Shedding, settings=Shed(slots=1, queue=1), times_s=[3, 3.01, 3.02],
                  counts={"queue full": 1}, good="++-"),
    "displaced": Scene(make=Shedding, settings=Shed(slots=1, queue=1, order=Order.NEWEST),
                       times_s=[3, 3.01, 3.02], counts={"displaced": 1}, good="+-+"),
    "not wanted any more": Scene(
        make=Shedding, settings=Shed(slots=1), times_s=[3, 3.01], good="+-",
        asked=(Asked(), Asked(deadline_s=3.05)), counts={"expired": 1}),
    "waited too long": Scene(
        make=Shedding, settings=Shed(slots=1, target_ms=1, interval_ms=150),
        times_s=once_late(5), counts={"waited too long": 1}, good="+++-+"),
    "flown": Scene(make=OneFlight, settings=Flights(), times_s=once_late(3),
                   counts={"flight": 1}, good="+++"),
    "throttled": Scene(make=Throttling, settings=Throttle(k=1), fails_from_s=0,
                       times_s=[3 + n / 5 for n in range(6)], counts={"throttled": 4},
                       good="------"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
def test_a_guard_counts_what_it_does(name: str) -> None:
    """And nothing else; which requests it lets through is told beside."""
    scene, events = SCENES[name], Events()

    async def play() -> str:
        guard = scene.make(lambda: scene.settings, events.around())
        callee = Callee(
            takes_s=lambda _: scene.takes_s,
            fails=lambda _: asyncio.get_running_loop().time() >= scene.fails_from_s,
            status=503,
        )
        outcomes = await sent(guard, callee, scene.times_s, scene.asked)
        await asyncio.sleep(1)
        return "".join("+" if one.good else "-" for one in outcomes)

    assert virtually(play()) == scene.good
    assert dict(events.counts) == scene.counts


def test_an_answer_failed_by_its_status() -> None:
    """The callee's errors, and that it has too much to do; another 4xx is the caller's fault."""
    statuses = (200, 404, 428, 429, 430, 499, 500, 503)
    assert [one for one in statuses if Answer(status=one).failed] == [429, 500, 503]


def test_an_answer_is_what_a_client_sees() -> None:
    """The error that it came of is kept beside it, and is no part of it."""
    assert Answer().status == 200
    assert Answer(cause=ValueError("x")) == Answer()
    assert "cause" not in repr(Answer(cause=ValueError("x")))


def test_guards_stand_in_their_order_around_a_call() -> None:
    """The first of them is the outermost, and the request has begun when all let it through."""
    heard: list[str] = []

    def named(name: str) -> Guard:
        async def guard(asked: Asked, call: Call, /) -> Answer:
            heard.append(f"to {name}")
            answer = await call(asked)
            heard.append(f"from {name}")
            return answer

        return guard

    async def callee(_: Asked) -> Answer:
        heard.append("called")
        return Answer(b"x")

    asked = Asked(begin=lambda: heard.append("begun"))
    call = compose([named("outer"), named("inner")], callee)
    assert virtually(call(asked)) == Answer(b"x")  # type: ignore[arg-type]
    assert heard == ["to outer", "to inner", "begun", "called", "from inner", "from outer"]


def test_of_keys_those_that_were_used_last_are_kept() -> None:
    """A key that is asked for again is used anew."""
    kept = PerKey(lambda _: object())
    made = [kept.of(str(number)) for number in range(PerKey.MOST)]
    assert kept.of("0") is made[0]
    kept.of("one more")
    assert kept.of("0") is made[0]
    assert kept.of("2") is made[2]
    assert kept.of("1") is not made[1]


def test_a_refusal_of_a_breaker_says_nothing_of_a_time_that_it_does_not_know() -> None:
    """Nor does a failure."""
    assert OpenError().retry_after_s == 0
