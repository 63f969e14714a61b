"""Guards around commands to a Redis: what they see as a failure, and what the service sees."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from redis.exceptions import RedisError, ResponseError

from harness.conductor import conductor
from harness.model import Kill, Paced, Pause, Redis, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.context import Context
from services.guarding import Calling
from services.outgoing import Outgoing
from services.stores import CommandRefusedError
from tests.support import application, lab, probe, run

Use = Callable[[Any], Awaitable[object]]
AWAY = during(1, 3, Kill("store"))


def used(use: Use, *faults: Timed, rate_rps: float = 2, **guards: Setting) -> Recording:
    """Use a guarded store for each request for four seconds; answer with what came of it."""

    def app(ctx: Context[Any]) -> web.Application:
        store = Outgoing(ctx).redis("store")

        async def handle(_: web.Request) -> web.Response:
            try:
                text = str(await use(store))
            except (RedisError, TimeoutError) as error:
                return web.Response(status=502, text=f"{type(error).__name__}: {error}")
            return web.Response(text=text)

        return application(handle)

    settings = {f"outgoing.{name.replace('__', '.')}": value for name, value in guards.items()}
    name = probe("guarded", app, Calling)
    value = replace(
        lab(
            Service("front", app=name, calls=("store",), settings=settings),
            load=Paced(to="front", rate_rps=rate_rps, keep_answers=True),
            faults=faults,
            duration_s=4,
        ),
        stores=(Redis("store"),),
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def commands(recording: Recording) -> list[str]:
    return [span.status for span in recording.spans if span.kind == "client"]


def told(recording: Recording) -> list[str]:
    return [one.answer for one in recording.requests]


async def count(store: Any) -> object:
    return await store.incr("count")


async def look(store: Any) -> object:
    return await store.get("count")


async def both(store: Any) -> object:
    async with store.pipeline() as pipe:
        return await pipe.incr("one").incr("other").execute()


async def wrong(store: Any) -> object:
    await store.set("text", "no number")
    return await store.incr("text")


@pytest.mark.parametrize(("use", "calls"), [(count, 3), (both, 3), (look, 3)])
def test_a_redis_that_is_away_is_asked_again(use: Use, calls: int) -> None:
    """A command and a pipeline alike; the service gets the client's own error in the end."""
    recording = used(use, AWAY, order="retry")
    away = [one for one in recording.requests if 1 < one.intended_s < 3]
    failed = [status for status in commands(recording) if status != "ok"]
    assert len(away) == 3
    assert len(failed) >= calls * len(away)
    assert all(one.answer.startswith("ConnectionError: ") for one in away)


def test_an_error_that_redis_answers_is_no_failure() -> None:
    """It would be the same again."""
    recording = used(wrong, order="retry")
    assert commands(recording) == ["ok", "error"] * len(told(recording))
    assert all(one.startswith(ResponseError.__name__) for one in told(recording))


def test_a_transaction_is_done_once_however_often_it_is_tried() -> None:
    """Where no reply is lost: each try sends all of its commands."""
    bare, guarded = used(both), used(both, order="retry,timeout,breaker,bulkhead,limiter")
    assert told(bare) == told(guarded) == [f"[{n}, {n}]" for n in range(1, len(told(bare)) + 1)]


def test_two_tries_of_a_pipeline_may_be_under_way() -> None:
    """A hedge sends the commands again while the first reply is due: then both count."""
    hedged = used(both, order="hedge", hedge__after_ms=0, hedge__budget=1)
    assert len(commands(hedged)) == 2 * len(told(hedged))
    assert set(commands(hedged)) <= {"ok", "abandoned"}
    counts = [int(one.strip("[]").split(",")[0]) for one in told(hedged)]
    assert counts == sorted(set(counts))


def test_a_breaker_in_front_of_a_redis_opens() -> None:
    """The service then hears at once that it is away, as an error of a Redis, and sends nothing."""
    guards: Mapping[str, Setting] = {
        "order": "breaker",
        "breaker__calls": 4,
        "breaker__open_ms": 60_000,
    }
    recording = used(count, AWAY, rate_rps=10, **guards)
    # Half of the last four have failed then.
    assert sum(status != "ok" for status in commands(recording)) == 2
    refused = [one for one in told(recording) if one.startswith(CommandRefusedError.__name__)]
    assert len(refused) == len(recording.requests) - len(commands(recording))
    assert "was not sent: the circuit breaker is open" in refused[0]


def test_reads_share_a_command_and_writes_do_not() -> None:
    """Under single flight, by the words of the command."""

    async def four(store: Any) -> object:
        return await asyncio.gather(
            store.get("a"), store.get("a"), store.incr("n"), store.incr("n")
        )

    recording = used(four, order="single_flight")
    assert len(commands(recording)) == 3 * len(told(recording))


def test_a_stale_reply_is_a_reply_and_a_fixed_text_is_none() -> None:
    """A text that no Redis has said would be taken for data."""
    stale = used(look, AWAY, order="fallback", fallback__stale_ms=60_000)
    assert set(told(stale)) == {"None"}
    fixed = used(look, AWAY, order="fallback")
    away = [one.answer for one in fixed.requests if 1 < one.intended_s < 3]
    assert all(one.startswith(CommandRefusedError.__name__) for one in away)


def test_a_time_limit_ends_a_command() -> None:
    """Of a Redis that is frozen; without one the service waits until it is not."""
    frozen = during(1, 3, Pause("store"))
    bare, limited = (
        [one.answered_s - one.sent_s for one in found.requests if 1 < one.intended_s < 2]
        for found in (used(count, frozen), used(count, frozen, order="timeout", timeout__ms=100))
    )
    assert min(bare) > 1
    assert max(limited) < 0.15
