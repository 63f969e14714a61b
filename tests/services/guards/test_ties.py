"""Tied requests: worked on once, by whichever server begins first, and answered in any case."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    Refused,
    Slots,
    Surroundings,
    Waiter,
    compose,
)
from services.patterns.tied import DROPPED, PATH, DroppedError, Settings, Tied
from services.settings import SettingError
from tests.guarded import FEW, Events, Outcome, evenly, now_s, sent
from tests.support import virtually

HOSTS = ("web-1", "web-2", "web-3")
MESSAGE_S = 0.001
SETTINGS = Settings(among=", ".join(HOSTS), after_ms=2000 * MESSAGE_S)


async def serving(takes_s: Callable[[Asked], float], done: list[str], asked: Asked) -> Answer:
    done.append(asked.tie.partition(" ")[0])
    await asyncio.sleep(takes_s(asked))
    return Answer(b"done")


@dataclass
class Web:
    """Servers of one slot each, a queue before it, and messages that take their time."""

    takes_s: Callable[[Asked], float]
    settings: Settings = SETTINGS
    done: list[str] = field(default_factory=list)
    lost: bool = False
    events: Events = field(default_factory=Events)

    def __post_init__(self) -> None:
        around = replace(self.events.around(), tell=self.tell, serves=True)
        self.ties = {host: Tied(lambda: self.settings, around) for host in HOSTS}
        self.slots = {host: Slots(lambda: 1) for host in HOSTS}
        self.client = Tied(
            lambda: self.settings, Surroundings(now=now_s, rng=random.Random(1), serves=False)
        )

    async def call(self, asked: Asked) -> Answer:
        await asyncio.sleep(MESSAGE_S)
        work = partial(serving, self.takes_s, self.done)
        try:
            return await compose([self.ties[asked.key], partial(self.queue, asked.key)], work)(
                asked
            )
        except Refused as refusal:
            return Answer(status=refusal.status)

    async def queue(self, host: str, asked: Asked, call: Call) -> Answer:
        await self.slots[host].take(Waiter(asked, now_s()))
        try:
            return await call(asked)
        finally:
            self.slots[host].release()

    async def tell(self, host: str, path: str) -> None:
        await asyncio.sleep(MESSAGE_S)
        if not self.lost:
            await self.ties[host](Asked(resource=path), self.call)

    async def asked(self, times_s: list[float]) -> list[Outcome]:
        return await sent(self.client, self.call, times_s)


@FEW
@given(
    gaps_s=st.lists(st.floats(0, 0.3), min_size=1, max_size=12),
    takes_s=st.lists(st.floats(0.01, 0.5), min_size=1, max_size=24),
)
def test_each_request_is_answered_and_worked_on(gaps_s: list[float], takes_s: list[float]) -> None:
    """By one server, or by both where they begin within the time of a message; nothing is left."""
    times_s = [sum(gaps_s[:number]) for number in range(len(gaps_s))]
    each = iter(takes_s * 24)

    async def main() -> None:
        web = Web(lambda _: next(each))
        outcomes = await web.asked(times_s)
        await asyncio.sleep(2 * MESSAGE_S)
        assert [one.answer for one in outcomes] == [Answer(b"done")] * len(times_s)
        begun = [web.done.count(name) for name in set(web.done)]
        assert len(begun) == len(times_s)
        assert max(begun) <= 2
        assert not any(slots.waiting for slots in web.slots.values())

    virtually(main())


def test_the_work_is_that_of_one_copy() -> None:
    """Where a hedge without a delay has it done twice; few begin within a message of each other."""
    rng = random.Random(2)

    async def main(*, lost: bool) -> float:
        web = Web(lambda _: rng.expovariate(10), lost=lost)
        await web.asked(evenly(10, 60))
        return len(web.done) / 600

    assert virtually(main(lost=False)) < 1.05
    assert virtually(main(lost=True)) > 1.5


def test_a_request_waits_in_the_shorter_queue() -> None:
    """One server is busy for a second; only those that have drawn it twice would wait for it."""

    async def main() -> None:
        web = Web(lambda _: 0.001)
        await web.slots["web-1"].take(Waiter(Asked(), now_s()))
        outcomes = await web.asked(evenly(20, 1))
        assert max(one.took_s for one in outcomes) < 0.01
        assert web.events.counts["dropped"] > 5

    virtually(main())


def test_a_copy_that_comes_after_the_word_is_not_begun() -> None:
    """The word was faster than the copy."""

    async def main() -> None:
        web = Web(lambda _: 0.001)
        copy = Asked(key="web-2", tie="a web-1")
        await web.tell("web-2", f"{PATH}a")
        assert (await web.call(copy)).status == DROPPED
        assert web.done == []

    virtually(main())


def test_what_has_begun_is_not_dropped() -> None:
    """Two that begin together are both worked on: better twice than never."""

    async def main() -> None:
        web = Web(lambda _: 0.1)
        both = [web.call(Asked(key=host, tie=f"a {other}")) for host, other in
                (("web-1", "web-2"), ("web-2", "web-1"))]  # fmt: skip
        answers = await asyncio.gather(*both)
        assert answers == [Answer(b"done")] * 2

    virtually(main())


def test_a_server_without_a_tie_serves_as_ever() -> None:
    """And one whose caller leaves has nothing left of it."""

    async def main() -> None:
        web = Web(lambda _: 0.1)
        assert await web.call(Asked(key="web-1")) == Answer(b"done")
        leaving = asyncio.ensure_future(web.call(Asked(key="web-1", tie="a web-2")))
        await asyncio.sleep(0.01)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert web.slots["web-1"].busy == 0

    virtually(main())


def test_a_failure_of_the_copy_that_was_worked_on_is_the_answer() -> None:
    """And not that the other was dropped."""

    async def main() -> None:
        def fails(_: Asked) -> float:
            raise ConnectionError

        outcomes = await Web(fails).asked([0, 1, 2])
        assert {type(one.error) for one in outcomes} == {ConnectionError}

    virtually(main())


def test_a_copy_that_fails_at_once_is_no_answer() -> None:
    """The second one goes then, without waiting for its time."""
    sends: list[float] = []

    async def call(_: Asked) -> Answer:
        sends.append(now_s())
        if len(sends) == 1:
            raise ConnectionError
        return Answer(b"by the second")

    settings = Settings(among="web-1, web-2", after_ms=100)
    around = Surroundings(now=now_s, rng=random.Random(1), serves=False)
    answer = virtually(Tied(lambda: settings, around)(Asked(), call))
    assert answer.body == b"by the second"
    assert sends == [0, 0]


def test_where_both_copies_were_dropped_it_says_so() -> None:
    """As when each server heard that the other had begun: nobody has worked on it."""

    async def call(_: Asked) -> Answer:
        await asyncio.sleep(MESSAGE_S)
        return Answer(status=DROPPED)

    around = Surroundings(now=now_s, rng=random.Random(1), serves=False)
    with pytest.raises(DroppedError, match="both copies were dropped"):
        virtually(Tied(lambda: SETTINGS, around)(Asked(), call))


def test_words_that_are_said_are_not_kept() -> None:
    """Nor the names of copies that are no longer waited for."""

    async def main() -> None:
        web = Web(lambda _: 0.1)
        await web.asked(evenly(5, 10))
        await asyncio.sleep(1)
        for tie in web.ties.values():
            assert not any(vars(tie)[name] for name in ("_words", "_waiting"))

    virtually(main())


def test_two_hosts_are_enough_and_the_second_copy_goes_after_the_time_that_is_set() -> None:
    """Each gets one, the second as late as it says."""
    sends: list[tuple[float, str]] = []

    async def call(asked: Asked) -> Answer:
        sends.append((now_s(), asked.key))
        await asyncio.sleep(1)
        return Answer(b"done")

    settings = Settings(among="web-1,web-2", after_ms=100)
    around = Surroundings(now=now_s, rng=random.Random(1), serves=False)
    virtually(Tied(lambda: settings, around)(Asked(), call))
    assert [at_s for at_s, _ in sends] == pytest.approx([0, 0.1])
    assert sorted(host for _, host in sends) == ["web-1", "web-2"]


def test_hosts_are_named_with_or_without_spaces_and_a_last_comma() -> None:
    """Copies go to these alone."""
    assert Settings(among=" web-1,web-2 , ").hosts() == ["web-1", "web-2"]


@pytest.mark.parametrize("among", ["", "web-1", "web-1, web-1"])
def test_without_two_hosts_it_says_what_to_name(among: str) -> None:
    """At the call, as the side that takes copies needs none."""

    async def main() -> None:
        web = Web(lambda _: 0.1, settings=Settings(among=among))
        with pytest.raises(SettingError, match="name two hosts or more"):
            await web.client(Asked(), web.call)

    virtually(main())
