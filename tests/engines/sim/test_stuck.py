"""A simulation that cannot go on says who waits where, in one line."""

import asyncio
import gc
import itertools
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from harness.engines.sim import loop as loops
from harness.engines.sim import stuck
from harness.engines.sim.endings import StuckError
from harness.engines.sim.engine import SLACK_S
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import Process
from harness.model import Service
from harness.model.fault import System
from harness.model.lab import Lab
from services.context import Context
from tests.support import At, application, conducted, lab, probe, run


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


def starting(begin: Callable[[Context[Any]], Awaitable[None]], *, duration_s: float = 10) -> Lab:
    """Make a lab of two hosts, of which the first does something before it answers."""

    def app(ctx: Context[Any]) -> web.Application:
        async def begun(_: web.Application) -> AsyncIterator[None]:
            await begin(ctx)
            yield

        made = application(ok)
        made.cleanup_ctx.append(begun)
        return made

    host = Service("host", app=probe("starting", app))
    other = Service("other", app="services.worker")
    return lab(host, other, load=At(to="other", times_s=(1.0,)), duration_s=duration_s)


def said(value: Lab, act: Any = None) -> str:
    """Run a lab that gets stuck, quietly, and give what it says."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(StuckError) as caught:
            run(value, act)
        text = str(caught.value)
        del caught
        gc.collect()
    assert "\n" not in text
    return text


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def again_and_again(step_s: float) -> None:
    for _ in itertools.count():
        await asyncio.sleep(step_s)


def test_a_service_that_never_starts_is_named_with_its_line() -> None:
    """Nothing else is there, so nothing can happen any more."""

    async def wait(_: Context[Any]) -> None:
        await never()

    text = said(starting(wait))
    assert text.startswith("nothing will ever happen again; who waits where: ")
    line = never.__code__.co_firstlineno + 1
    assert f"host#0: never ({__name__}:{line})" in text


def test_a_service_that_starts_for_ever_is_named() -> None:
    """Time passes, and nothing comes of it."""

    async def retry(_: Context[Any]) -> None:
        await again_and_again(1)

    text = said(starting(retry))
    assert text.startswith(f"still not over at {SLACK_S + 1:g} s; who waits where: ")
    assert "host#0: sleep (asyncio.tasks:" in text


def test_a_run_that_does_not_end_is_ended() -> None:
    """Its duration, the load's patience, and some slack; what waits is told."""

    async def act(system: System) -> list[Any]:
        while True:
            await system.until(system.now() + 1)

    async def nothing(_: Context[Any]) -> None:
        pass

    limit_s = 10 + 10 + SLACK_S
    assert said(starting(nothing), act).startswith(f"still not over at {limit_s + 1:g} s")


def test_time_that_stands_still_names_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host and the callback, and the run leaves nothing behind."""
    monkeypatch.setattr(loops, "SPIN_LIMIT", 10_000)

    async def spin(_: Context[Any]) -> None:
        async def poll() -> None:
            await asyncio.sleep(3)
            await again_and_again(0)

        asyncio.get_running_loop().create_task(poll()).add_done_callback(print)

    text = said(starting(spin))
    assert text.startswith("time stands still at 3 s while callbacks go on: host#0: ")
    assert "sleep" in text


def test_who_conducts_a_run_that_is_stuck_may_clean_up_and_take_time_for_it() -> None:
    """Though the run's own time is over."""
    cleaned: list[str] = []

    async def act(system: System) -> list[Any]:
        try:
            while True:
                await system.until(system.now() + 1)
        finally:
            await asyncio.sleep(5)
            cleaned.append("five seconds later")

    async def nothing(_: Context[Any]) -> None:
        pass

    said(starting(nothing), act)
    assert cleaned == ["five seconds later"]


def test_time_that_hardly_moves_is_stuck_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of a nanosecond each time would take longer than anybody waits."""
    monkeypatch.setattr(loops, "SECOND_LIMIT", 10_000)

    async def creep(_: Context[Any]) -> None:
        await again_and_again(1e-9)

    text = said(starting(creep))
    assert text.startswith("time all but stands still at ")
    assert "host#0" in text


def test_many_callbacks_over_many_seconds_are_no_standstill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The limit is for one second, not for a run."""
    monkeypatch.setattr(loops, "SECOND_LIMIT", 5_000)

    async def busy(_: Context[Any]) -> None:
        poll = again_and_again(0.001)
        asyncio.get_running_loop().create_task(poll).add_done_callback(print)

    run(starting(busy))


def test_a_host_that_was_killed_is_not_said_to_wait() -> None:
    """What it had under way will never go on, and is not what holds the run up."""

    async def nothing(_: Context[Any]) -> None:
        asyncio.get_running_loop().create_task(never()).add_done_callback(print)

    async def act(system: System) -> None:
        await system.until(1)
        await system.kill("host")
        await never()

    text = said(starting(nothing), conducted(act))
    assert "host#0" not in text


def test_a_task_with_a_name_of_its_own_is_told_by_its_host() -> None:
    """Whoever reads it knows the hosts, and not what a library calls its tasks."""

    async def begin(_: Context[Any]) -> None:
        await asyncio.create_task(never(), name="a library's own")

    text = said(starting(begin))
    assert "host#0: " in text
    assert "library" not in text


def test_a_line_tells_each_host_and_is_never_long() -> None:
    """Equal places are counted, own code comes first, and the rest is cut."""
    own, foreign = stuck.Place(foreign=False, text="handle"), stuck.Place(foreign=True, text="read")
    assert stuck.line([("b#0", foreign), ("a#0", foreign), ("a#0", own), ("a#0", own)]) == (
        "a#0: handle x 2, read; b#0: read"
    )
    many = [("a#0", stuck.Place(foreign=True, text=f"at {number}")) for number in range(9)]
    assert stuck.line(many) == "a#0: at 0, at 1, at 2 and 6 more"
    crowd = [(f"host-{number}", foreign) for number in range(500)]
    assert len(stuck.line(crowd)) == stuck.LINE_LIMIT


def test_own_code_is_told_though_a_library_waits_in_it() -> None:
    """A line of a lab's service says more than one of asyncio's."""
    source = "import asyncio\nasync def handle():\n    await asyncio.Event().wait()"
    space: dict[str, Any] = {"__name__": "labs.waiting"}
    exec(source, space)  # noqa: S102 - a module without a file
    loop = VirtualLoop()
    loop.create_task(space["handle"](), context=Process("a", 0).context())
    with pytest.raises(StuckError, match=r"a#0: handle \(labs\.waiting:3\)"):
        loop.run_until_complete(never())
    loop.close()
