"""Commands to a Redis are told as calls over HTTP are: spans, the metric, the outcome's words."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from redis.exceptions import BusyLoadingError, RedisError, ResponseError, WatchError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from harness.measures import attempts_per_request, attempts_rps
from harness.model import Redis, Service
from harness.model.fault import System, ToxicSpec
from harness.recording import Recording, SeriesKey
from services.context import Context
from services.redis import outcome
from services.tracing import Span
from tests.support import At, application, conducted, lab, probe, run

Use = Callable[[Any], Awaitable[object]]
LINK = "front->store"


def used(
    use: Use, *times_s: float, act: Callable[[System], Awaitable[None]] | None = None
) -> Recording:
    """Run a service that uses its store for each request, and says 502 when that fails."""

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            try:
                await use(ctx.redis("store"))
            except (RedisError, TimeoutError):
                return web.Response(status=502)
            return web.Response()

        return application(handle)

    value = replace(
        lab(
            Service("front", app=probe("redis", app), calls=("store",)),
            load=At(to="front", times_s=times_s or (1.0,)),
        ),
        stores=(Redis("store"),),
    )
    return run(value, conducted(act, value.duration_s) if act else None)


def commands(recording: Recording) -> list[Span]:
    return [span for span in recording.spans if span.kind == "client"]


def statuses(recording: Recording) -> list[str]:
    return [span.status for span in commands(recording)]


def test_a_command_is_a_client_span_under_the_work_that_sent_it() -> None:
    """Named after the store, without a number of a try, from its sending to its reply."""
    recording = used(lambda store: store.get("k"))
    (command,) = commands(recording)
    (work,) = [span for span in recording.spans if span.kind == "server"]
    assert (command.caller, command.callee, command.attempt) == ("front", "store", 0)
    assert (command.trace, command.parent) == (work.trace, work.span)
    assert work.start_s <= command.start_s < command.end_s <= work.end_s


async def several(store: Any) -> None:
    await store.set("k", "1")
    async with store.pipeline() as pipe:
        await pipe.execute()
        await pipe.incr("k").incr("k").execute()
    async with store.pipeline(transaction=False) as pipe:
        await pipe.get("k").get("k").execute()
    async with store.pipeline() as pipe:
        await pipe.watch("k")
        await pipe.get("k")
        pipe.multi()
        await pipe.incr("k").execute()
    async with store.client() as own:
        await own.get("k")


def test_a_pipeline_is_one_call() -> None:
    """Whatever is in it; an empty one is none; what comes after WATCH goes out at once."""
    assert statuses(used(several)) == ["ok"] * 7


def test_calls_are_counted_by_store_and_outcome() -> None:
    """In the metric that HTTP calls have, and in the measures."""
    recording = used(several, 1.0, 2.0, 3.0)
    key = SeriesKey("front", "attempts_total", 'callee="store",outcome="ok"')
    assert recording.series[key][-1] == 21
    assert attempts_per_request("store", 0, 10).of(recording) == 7
    assert attempts_rps("store", 0, 2.5).of(recording) == 14 / 2.5


async def wrong(store: Any) -> None:
    await store.set("k", "no number")
    await store.incr("k")


def test_an_answer_that_is_an_error_is_an_error() -> None:
    """Redis was there, and refused the command."""
    assert statuses(used(wrong)) == ["ok", "error"]


async def overtaken(store: Any) -> None:
    async with store.pipeline() as pipe:
        await pipe.watch("k")
        await store.set("k", 1)
        pipe.multi()
        await pipe.incr("k").execute()


def test_a_transaction_that_was_overtaken_is_an_error() -> None:
    """Another command wrote what it watched."""
    assert statuses(used(overtaken)) == ["ok", "ok", "error"]


async def paused(system: System) -> None:
    await system.until(1.5)
    await system.pause("store")
    await system.until(4)
    await system.resume("store")


async def killed(system: System) -> None:
    await system.until(1.5)
    await system.kill("store")


async def cut(system: System) -> None:
    await system.until(1.5)
    await system.set_link(LINK, up=False)


async def reset(system: System) -> None:
    await system.until(0.5)
    spec = ToxicSpec(
        name="reset", type="reset_peer", stream="downstream", attributes={"timeout": 0}, toxicity=1
    )
    await system.add_toxic(LINK, spec)


async def within_a_second(store: Any) -> None:
    async with asyncio.timeout(1):
        await store.get("k")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (paused, ["ok", "abandoned", "ok"]),
        (killed, ["ok", "reset", "reset"]),
        (cut, ["ok", "refused", "refused"]),
        (reset, ["reset", "reset", "reset"]),
    ],
)
def test_a_command_that_fails_says_how(
    act: Callable[[System], Awaitable[None]], expected: list[str]
) -> None:
    """In the words of HTTP calls: a time limit around it abandons it, a dead store ends it."""
    recording = used(within_a_second, 1.0, 2.0, 5.0, act=act)
    assert statuses(recording) == expected
    assert [request.good for request in recording.requests] == [one == "ok" for one in expected]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (RedisTimeoutError("Timeout reading from socket"), "timeout"),
        (RedisConnectionError("Connection closed by server."), "closed"),
        (RedisConnectionError("Error 104 while writing to socket."), "reset"),
        (BusyLoadingError("Redis is loading the dataset in memory"), "error"),
        (ResponseError("WRONGTYPE"), "error"),
        (WatchError("Watched variable changed."), "error"),
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "reset"),
        (asyncio.CancelledError(), "abandoned"),
    ],
)
def test_an_outcome_is_one_word(error: BaseException, word: str) -> None:
    """For redis-py's errors, and for all others what calls over HTTP say."""
    assert outcome(error) == word


def test_an_end_of_file_is_told_as_such_while_another_error_is_handled() -> None:
    """A service may turn to its store because a call has failed; Python then links the errors."""
    error = RedisConnectionError("Connection closed by server.")
    error.__context__ = ConnectionResetError()
    assert outcome(error) == "closed"
