"""Errors in services: counted, noted once with host and time, and never on the terminal."""

import asyncio
import logging
import math
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.errors import LabError
from harness.model import Kill, Service, during
from harness.model.lab import Lab
from harness.recording import Recording
from services.context import Context
from tests.support import At, NoSettings, application, lab, probe, run

Background = Callable[[Context[Any]], Coroutine[Any, Any, None]]


def asked(handler: Callable[[web.Request], Awaitable[web.StreamResponse]], *times_s: float) -> Lab:
    """Make a lab of one host that answers by a handler."""
    host = Service("host", app=probe("crashing", lambda _: application(handler)))
    return lab(host, load=At(to="host", times_s=times_s))


def beside(background: Background) -> Lab:
    """Make a lab of one host on which something goes on beside its answers."""

    def app(ctx: Context[Any]) -> web.Application:
        async def running(_: web.Application) -> AsyncIterator[None]:
            task = asyncio.get_running_loop().create_task(background(ctx))
            yield
            del task

        made = application(ok)
        made.cleanup_ctx.append(running)
        return made

    return lab(Service("host", app=probe("background", app)), load=At(to="host", times_s=()))


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


async def fail(request: web.Request) -> web.Response:
    raise ValueError(request.path)


def crashes(recording: Recording) -> list[float]:
    (values,) = [
        values for key, values in recording.series.items() if key.metric == "crashes_total"
    ]
    return values


def test_an_error_in_a_handler_is_a_500_counted_and_noted_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With its first time, how often it came, and its last time; nothing on the terminal."""
    recording = run(asked(fail, 1.0, 1.5, 2.5))
    assert [one.status for one in recording.requests] == ["500"] * 3
    assert crashes(recording)[:5] == [0, 0, 2, 3, 3]
    first, last = f"{1 + 3 * DELAY_S:.3f}", f"{2.5 + 3 * DELAY_S:.3f}"
    crash = "Error handling request from toxiproxy: ValueError('/')"
    assert recording.notes == [f"{first} s host#0: {crash} (3 times, last at {last} s)"]
    assert capfd.readouterr() == ("", "")


SOURCE = """
import dataclasses

from aiohttp import web


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    pass


def app(ctx):
    async def handle(request):
        return web.Response(text=missing(request))

    application = web.Application()
    application.router.add_get("/", handle)
    return application


def missing(request):
    return request["user"]
"""


def test_a_note_says_where_in_a_services_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The innermost line of it, whatever library is under it."""
    module = ModuleType("labs.somewhere")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SOURCE, vars(module))  # noqa: S102 - a module that no file holds
    host = Service("host", app=module.__name__)
    (note,) = run(lab(host, load=At(to="host", times_s=(1.0,)))).notes
    assert note.endswith("KeyError('user') at labs.somewhere:22 in missing")


def test_an_answer_that_is_raised_is_no_crash() -> None:
    """`web.HTTPException` is an answer, and an error of time is a 504."""

    async def gone(request: web.Request) -> web.Response:
        if request.path == "/":
            raise web.HTTPNotFound
        raise AssertionError

    async def late(request: web.Request) -> web.Response:
        del request
        raise TimeoutError

    for handler, status in ((gone, "404"), (late, "504")):
        recording = run(asked(handler, 1.0))
        assert [one.status for one in recording.requests] == [status]
        assert [span.status for span in recording.spans] == [status]
        assert set(crashes(recording)) == {0}


def test_a_callback_that_raises_is_counted_and_noted() -> None:
    """At its time; the service goes on."""

    async def background(ctx: Context[Any]) -> None:
        def crash() -> None:
            raise ValueError(ctx.host)

        asyncio.get_running_loop().call_later(1.5, crash)

    recording = run(beside(background))
    assert recording.notes == ["1.500 s host#0: ValueError('host')"]
    assert crashes(recording)[:4] == [0, 0, 1, 1]


@pytest.mark.parametrize("held", [False, True])
def test_a_task_whose_error_nobody_awaits_is_told(*, held: bool) -> None:
    """With the time of its failure, whatever the garbage collector does and when.

    It is counted when nobody holds on to it: until then somebody may still await it.
    """
    kept: set[asyncio.Task[None]] = set()

    async def background(ctx: Context[Any]) -> None:
        async def crash(delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            raise ValueError(ctx.host, delay_s)

        for delay_s in (2.25, 9.5):
            task = asyncio.get_running_loop().create_task(crash(delay_s))
            kept.add(task)
            if not held:
                task.add_done_callback(kept.discard)

    recording = run(beside(background))
    assert recording.notes == [
        "2.250 s host#0: nobody awaited ValueError('host', 2.25)",
        "9.500 s host#0: nobody awaited ValueError('host', 9.5)",
    ]
    assert crashes(recording)[2:5] == ([0, 0, 0] if held else [0, 1, 1])


@pytest.mark.parametrize("held", [False, True])
def test_a_process_that_has_ended_complains_of_no_error_that_it_could_have_taken(
    *, held: bool
) -> None:
    """Of one that nobody could take any more it has complained before its end."""
    kept: list[asyncio.Task[None]] = []

    async def background(ctx: Context[Any]) -> None:
        async def crash() -> None:
            await asyncio.sleep(2.25)
            raise ValueError(ctx.host)

        task = asyncio.get_running_loop().create_task(crash())
        if held:
            kept.append(task)
        del task
        await asyncio.sleep(2.5)
        await ctx.exit(0)

    told = "2.250 s host#0: nobody awaited ValueError('host')"
    ended = "2.500 s host#0: ended with code 0"
    assert sorted(run(beside(background)).notes) == ([ended] if held else [told, ended])


def test_of_a_process_that_goes_on_it_is_told_whichever_other_ends() -> None:
    """At the end of the run, as somebody might have taken the error until then."""
    kept: list[asyncio.Task[None]] = []

    async def background(ctx: Context[Any]) -> None:
        async def crash() -> None:
            await asyncio.sleep(2.25)
            raise ValueError(ctx.host)

        kept.append(asyncio.get_running_loop().create_task(crash()))

    other = Service("other", app=probe("beside", lambda _: application(ok)))
    both = replace(beside(background), services=(*beside(background).services, other))
    recording = run(both, conductor((during(3, 4, Kill("other")),), 10))
    assert recording.notes == ["2.250 s host#0: nobody awaited ValueError('host')"]


def test_a_group_that_fails_in_the_instant_of_its_process_s_end_is_not_told() -> None:
    """Nobody has come to take its errors, as nobody runs any more."""

    async def background(ctx: Context[Any]) -> None:
        async def crash() -> None:
            await asyncio.sleep(2.5)
            raise ValueError(ctx.host)

        async def end() -> None:
            await asyncio.sleep(2.5)
            await ctx.exit(0)

        async with asyncio.TaskGroup() as group:
            for job in (crash, end, crash):
                group.create_task(job())

    assert run(beside(background)).notes == ["2.500 s host#0: ended with code 0"]


def test_an_error_that_somebody_awaits_is_no_crash() -> None:
    """By `gather`, a group, a shield, or a plain `await`."""

    async def crash(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        raise ValueError(delay_s)

    async def background(_: Context[Any]) -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(ValueError, match="1"):
            await loop.create_task(crash(1))
        assert await asyncio.gather(crash(1), crash(2), return_exceptions=True)
        with pytest.RaisesGroup(ValueError):
            async with asyncio.TaskGroup() as group:
                group.create_task(crash(1))
        with pytest.raises(ValueError, match="1"):
            await asyncio.shield(crash(1))

    recording = run(beside(background))
    assert recording.notes == []
    assert set(crashes(recording)) == {0}


def test_a_crash_count_begins_anew_with_each_process() -> None:
    """As a counter in memory does; the gap is where nobody answered."""
    recording = run(asked(fail, 1.0, 5.0), conductor((during(2.5, 3.5, Kill("host")),), 10))
    counts = crashes(recording)
    assert counts[:3] == [0, 0, 1]
    assert math.isnan(counts[3])
    assert counts[4:7] == [0, 0, 1]


def test_what_a_service_logs_is_noted(capfd: pytest.CaptureFixture[str]) -> None:
    """From a warning on, on one line, without what differs from run to run."""

    async def talk(_: web.Request) -> web.Response:
        logging.getLogger("service").warning("a\nb %s", object())
        logging.getLogger("service").info("of no interest")
        return web.Response()

    recording = run(asked(talk, 1.0))
    assert recording.notes == ["1.001 s host#0: a | b <object object>"]
    assert capfd.readouterr() == ("", "")


def test_logging_is_as_it_was_after_a_run() -> None:
    """Also when the run has failed."""
    before = logging.getLogger().handlers[:]
    run(asked(ok))
    with pytest.raises(LabError):
        run(lab(Service("host", app="services.no_such"), load=At(to="host", times_s=())))
    assert logging.getLogger().handlers == before


def test_what_others_log_while_a_run_goes_on_is_not_the_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A console's own lines go where they went before."""

    async def act(_: object) -> list[Any]:
        logging.getLogger("console").warning("somebody looks on")
        return []

    recording = run(asked(ok), act)
    assert recording.notes == []
    assert [record.message for record in caplog.records] == ["somebody looks on"]


def test_a_service_that_crashes_at_its_start_is_the_labs_fault() -> None:
    """With what was raised."""

    def app(_: Context[Any]) -> web.Application:
        raise ZeroDivisionError("no capacity")

    host = Service("host", app=probe("stillborn", app, NoSettings))
    with pytest.raises(LabError, match="host does not start: ZeroDivisionError: no capacity"):
        run(lab(host, load=At(to="host", times_s=())))
