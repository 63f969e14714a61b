"""Caches: how old an answer may be, what a write does, and who waits, for each strategy."""

import asyncio
import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory.caching import ttl_hit_ratio
from services.patterns.caching import Caching, Settings, Strategy
from services.patterns.guards import Answer, Asked, Call, Failed
from tests.guarded import FEW, Callee, Events, evenly, now_s, once, sent, standing
from tests.support import virtually

STRATEGIES = st.sampled_from(list(Strategy))


class Database:
    """Keeps one value for each resource; reads and writes take their time."""

    def __init__(self, takes_s: float = 0.01, write_s: float | None = None) -> None:
        self.values: dict[str, bytes] = {}
        self.takes_s = takes_s
        self.write_s = takes_s if write_s is None else write_s
        self.writes = 0
        self.down = False

    async def __call__(self, asked: Asked) -> Answer:
        seen = self.values.get(asked.resource, b"")
        await asyncio.sleep(self.write_s if asked.writes else self.takes_s)
        if self.down:
            raise Failed(Answer(b"down", 503))
        if asked.writes:
            self.writes += 1
            self.values[asked.resource] = asked.body
        return Answer(seen)


async def read(guard: Caching, call: Call, resource: str = "/") -> bytes:
    return (await guard(Asked(resource=resource), call)).body


async def write(guard: Caching, call: Call, body: bytes, resource: str = "/") -> Answer:
    return await guard(Asked(resource=resource, writes=True, body=body), call)


def cache(**settings: object) -> Caching:
    made = standing(Caching, Settings(**settings))  # type: ignore[arg-type]
    assert isinstance(made, Caching)
    return made


@FEW
@given(strategy=STRATEGIES, times_s=st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_no_answer_is_older_than_its_time(strategy: Strategy, times_s: list[float]) -> None:
    """Each answer says when it was made."""

    async def call(_: Asked) -> Answer:
        return Answer(str(now_s()).encode())

    outcomes = virtually(
        sent(standing(Caching, Settings(strategy=strategy, ttl_ms=1000)), call, sorted(times_s))
    )
    for one in outcomes:
        assert one.answer is not None
        assert one.sent_s - float(one.answer.body) <= 1 + 1e-6


def test_hits_are_as_many_as_the_formula_says() -> None:
    """Of Poisson reads of one key, rate x ttl / (1 + rate x ttl)."""
    rng = random.Random(1)
    times_s = list(accumulate(rng.expovariate(5) for _ in range(4000)))
    callee = Callee()
    virtually(sent(standing(Caching, Settings(ttl_ms=1000)), callee, times_s))
    expected = ttl_hit_ratio(rate_rps=5, ttl_s=1)
    assert 1 - len(callee.begun) / len(times_s) == pytest.approx(expected, abs=0.02)


@FEW
@given(
    strategy=STRATEGIES,
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=30),
)
def test_who_writes_reads_what_was_written(
    strategy: Strategy, steps: list[tuple[bool, str]]
) -> None:
    """One after the other, whatever the strategy, at once and after all is flushed."""

    async def main() -> None:
        guard, database = cache(strategy=strategy), Database()
        expected: dict[str, bytes] = {}
        for number, (writes, name) in enumerate(steps):
            if writes:
                expected[name] = str(number).encode()
                await write(guard, database, expected[name], name)
            assert await read(guard, database, name) == expected.get(name, b"")
        await asyncio.sleep(1)
        assert database.values == expected

    virtually(main())


@FEW
@given(at_s=st.floats(0, 0.4), write_s=st.floats(0, 0.2), strategy=STRATEGIES)
def test_a_slow_read_does_not_bury_a_write(at_s: float, write_s: float, strategy: Strategy) -> None:
    """A read that began before it must not leave its old answer in the cache."""

    async def main() -> None:
        guard, database = cache(strategy=strategy, ttl_ms=60_000), Database(0.2, write_s)
        reading = asyncio.create_task(read(guard, database))
        await asyncio.sleep(at_s)
        await write(guard, database, b"new")
        await reading
        await asyncio.sleep(1)
        assert await read(guard, database) == b"new"

    virtually(main())


@FEW
@given(strategy=STRATEGIES)
def test_who_reads_after_a_write_waits_for_no_older_read(strategy: Strategy) -> None:
    """What was asked for before the write may answer with what was there before it."""

    async def main() -> None:
        guard, database = cache(strategy=strategy), Database(0.2, 0.01)
        reading = asyncio.create_task(read(guard, database))
        await asyncio.sleep(0.1)
        await write(guard, database, b"new")
        assert await read(guard, database) == b"new"
        await reading

    virtually(main())


def test_written_behind_the_callee_gets_the_last_value_later() -> None:
    """A hundred writes in a second are answered at once, and reach it as a tenth of that."""

    async def main() -> None:
        guard = cache(strategy=Strategy.WRITE_BEHIND, flush_ms=100)
        database = Database()
        for number in range(100):
            before_s = now_s()
            answer = await write(guard, database, str(number).encode())
            assert (answer.status, now_s()) == (202, before_s)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        assert database.values == {"/": b"99"}
        assert 5 <= database.writes <= 11

    virtually(main())


def test_written_behind_a_callee_that_is_down_gets_it_when_it_is_back() -> None:
    """No write is lost while the process lives, and reads go on even when the entry is old."""

    async def main() -> None:
        guard = cache(strategy=Strategy.WRITE_BEHIND, ttl_ms=100)
        database = Database()
        database.down = True
        await write(guard, database, b"kept")
        await asyncio.sleep(5)
        assert await read(guard, database) == b"kept"
        database.down = False
        await asyncio.sleep(1)
        assert database.values == {"/": b"kept"}

    virtually(main())


def test_refreshed_ahead_nobody_waits_but_the_first() -> None:
    """Reads that come often enough find the entry renewed before it ends."""

    async def slow_reads(strategy: Strategy) -> int:
        callee = Callee(takes_s=lambda _: 0.1)
        settings = Settings(strategy=strategy, ttl_ms=1000, refresh=0.3)
        outcomes = await sent(standing(Caching, settings), callee, evenly(20, 10, from_s=1))
        await asyncio.sleep(1)  # The last of them may have begun another renewal.
        return sum(one.took_s > 0.01 for one in outcomes if one.sent_s > 1.5)

    assert virtually(slow_reads(Strategy.REFRESH_AHEAD)) == 0
    assert virtually(slow_reads(Strategy.READ_THROUGH)) >= 9


def test_reading_through_is_one_call_for_all_who_wait() -> None:
    """Aside, each of them makes its own."""

    async def calls(strategy: Strategy) -> int:
        callee = Callee(takes_s=lambda _: 1)
        await sent(standing(Caching, Settings(strategy=strategy)), callee, [0.0] * 10)
        return len(callee.begun)

    assert virtually(calls(Strategy.ASIDE)) == 10
    assert virtually(calls(Strategy.READ_THROUGH)) == 1


@FEW
@given(entries=st.integers(1, 5), names=st.lists(st.sampled_from("abcdefg"), max_size=40))
def test_the_entries_used_last_are_kept(entries: int, names: list[str]) -> None:
    """As many as may be: a read is a hit exactly if its name was among the last so many."""

    async def main() -> None:
        guard, callee = cache(entries=entries, ttl_ms=1e6), Callee()
        recent: list[str] = []
        for name in names:
            before = len(callee.begun)
            await once(guard, callee, Asked(resource=name))
            assert (len(callee.begun) == before) is (name in recent)
            recent = [one for one in recent if one != name] + [name]
            recent = recent[-entries:]

    virtually(main())


@pytest.mark.parametrize("strategy", [Strategy.ASIDE, Strategy.READ_THROUGH])
def test_another_version_purges_what_is_kept_and_what_is_under_way(strategy: Strategy) -> None:
    """Readers get nothing from before; nor is it kept when it comes later."""
    database, given = Database(takes_s=0.5), [Settings(strategy=strategy, ttl_ms=60_000)]
    guard = Caching(lambda: given[0], Events().around())

    async def scene() -> list[bytes]:
        database.values["/"] = database.values["/slow"] = b"old"
        await read(guard, database)
        slow = asyncio.ensure_future(read(guard, database, "/slow"))
        await asyncio.sleep(0.1)
        given[0] = Settings(strategy=strategy, ttl_ms=60_000, version=1)
        database.values["/"] = database.values["/slow"] = b"new"
        joined = await read(guard, database, "/slow")
        await slow
        return [joined] + [await read(guard, database, path) for path in ("/", "/slow")]

    assert virtually(scene()) == [b"new"] * 3


def test_a_change_of_version_empties_the_cache() -> None:
    """The next read asks the callee, also where the version goes back to one that was."""
    callee, given = Callee(), [Settings(ttl_ms=60_000)]
    guard = Caching(lambda: given[0], Events().around())

    async def scene() -> None:
        for version in (0, 0, 1, 1, 0):
            given[0] = Settings(ttl_ms=60_000, version=version)
            await once(guard, callee, Asked())

    virtually(scene())
    assert len(callee.begun) == 3


def test_after_a_write_that_failed_nothing_is_kept() -> None:
    """Nobody knows what the callee has: the next read asks it."""

    async def main() -> None:
        guard, database = cache(strategy=Strategy.WRITE_THROUGH), Database()
        await write(guard, database, b"old")
        database.down = True
        with pytest.raises(Failed):
            await write(guard, database, b"new")
        database.down = False
        database.values["/"] = b"new"
        assert await read(guard, database) == b"new"

    virtually(main())
