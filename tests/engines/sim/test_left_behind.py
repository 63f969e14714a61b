"""What a killed process had under way: when Python collects it, nobody hears of it."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.collector import close_quietly
from harness.model import Kill, Redis, Service, during
from services.context import Context
from tests.support import At, application, lab, probe, run

Act = Callable[[Any, Context[Any]], Awaitable[object]]


async def transaction(redis: Any, _: object) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch("k")
        pipe.multi()
        pipe.set("k", 1)
        await asyncio.sleep(5)
        await pipe.execute()


async def open_pipeline(redis: Any, _: object) -> None:
    pipe = redis.pipeline()
    await pipe.watch("k")
    await asyncio.sleep(5)


async def blocked_pipeline(redis: Any, _: object) -> None:
    await redis.pipeline(transaction=False).blpop("none", 0).execute()


async def listening(redis: Any, _: object) -> None:
    pubsub = redis.pubsub()
    await pubsub.subscribe("news")
    async for _message in pubsub.listen():
        pass


async def lock(redis: Any, _: object) -> None:
    async with redis.lock("job", timeout=5):
        await asyncio.sleep(5)


async def single_connection(redis: Any, _: object) -> None:
    async with redis.client() as one:
        await one.blpop("none", 0)


@asynccontextmanager
async def tidy() -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(1)
        raise ValueError("never seen")


async def awaits_in_finally(_: object, __: object) -> None:
    async with tidy(), tidy():
        await asyncio.sleep(5)


async def shields_in_finally(_: object, __: object) -> None:
    try:
        await asyncio.sleep(5)
    finally:
        await asyncio.shield(asyncio.sleep(1))


async def logs_in_finally(_: object, __: object) -> None:
    try:
        await asyncio.sleep(5)
    finally:
        logging.getLogger("service").error("never seen")


async def calls(_: object, ctx: Context[Any]) -> None:
    async with ctx.call("other").get("/"):
        pass


@pytest.mark.parametrize(
    "act",
    [
        transaction, open_pipeline, blocked_pipeline, listening, lock, single_connection,
        awaits_in_finally, shields_in_finally, logs_in_finally, calls,
    ],
)  # fmt: skip
def test_a_killed_client_leaves_no_error_on_the_screen(
    act: Act,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor a warning, a line in a log, a note, or a real loop that waits for its clean-up.

    Killed in the middle, or over with the run.
    """
    real: list[object] = []
    policy = asyncio.get_event_loop_policy()
    monkeypatch.setattr(policy, "get_event_loop", lambda: real.append(1))

    def app(ctx: Context[Any]) -> web.Application:
        redis = ctx.redis("cache")

        async def handle(_: web.Request) -> web.Response:
            await act(redis, ctx)
            return web.Response()

        return application(handle)

    async def sleepy(_: web.Request) -> web.Response:
        await asyncio.sleep(99)
        return web.Response()

    services = (
        Service("app", app=probe("killed", app), calls=("cache", "other")),
        Service("other", app=probe("sleepy", lambda _: application(sleepy))),
    )
    faults = (during(1, 2, Kill("app")),)
    value = lab(*services, load=At(to="app", times_s=(0.9, 3.9), timeout_ms=500), faults=faults)
    value = replace(value, stores=(Redis("cache"),), duration_s=4)
    recording = run(value, conductor(faults, 4))
    gc.collect()
    assert [request.status for request in recording.requests] == ["closed", "timeout"]
    assert recording.notes == []
    assert real == []
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_hooks_are_as_they_were() -> None:
    """Also when what is closed interrupts."""

    async def interrupts() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            raise KeyboardInterrupt

    loop = asyncio.new_event_loop()
    task = loop.create_task(interrupts())
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    before = sys.unraisablehook, logging.root.manager.disable
    with pytest.raises(KeyboardInterrupt):
        close_quietly(lambda: [task], loop)
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    assert (sys.unraisablehook, logging.root.manager.disable) == before
