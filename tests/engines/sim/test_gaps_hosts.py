"""Crashes before a service answers, stores that are stopped, the trace of faults, log levels."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.errors import LabError
from harness.model import Down, Kill, Service, Stop, during
from harness.model.fault import HostState, System, ToxicSpec
from harness.model.lab import Lab
from services.context import Context
from tests.cached import CACHED
from tests.support import At, Silent, application, conducted, lab, probe, run


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


def alone(app: str, *times_s: float) -> Lab:
    """Make a lab of one host, asked at given times."""
    return lab(Service("host", app=app), load=At(to="host", times_s=times_s))


async def fail() -> None:
    raise ValueError("in a task")


def fail_at_once() -> None:
    raise ValueError("in a callback")


def test_a_crash_while_a_service_starts_is_noted_and_the_start_goes_on() -> None:
    """There is no metric yet that could count it; its host and its time are told all the same."""

    def app(_: Context[Any]) -> web.Application:
        async def starting(_: web.Application) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            loop.create_task(fail())  # noqa: RUF006 - nobody awaits it, which is the point
            loop.call_soon(fail_at_once)
            await asyncio.sleep(2.5)
            yield

        made = application(ok)
        made.cleanup_ctx.append(starting)
        return made

    async def restart(system: System) -> None:
        await system.until(2)
        await system.kill("host")
        await system.start("host")
        assert system.now() == 4.5

    recording = run(alone(probe("slow_start", app), 1.0, 6.0), conducted(restart))
    assert [one.status for one in recording.requests] == ["200", "200"]
    second_life = [note for note in recording.notes if " host#1: " in note]
    assert len(second_life) == 2
    assert all(note.startswith("2.000 s ") for note in second_life)
    assert any("nobody awaited ValueError('in a task')" in note for note in second_life)
    assert any("ValueError('in a callback')" in note for note in second_life)


def test_a_service_that_calls_whom_it_may_not_while_it_starts_is_told_how_to() -> None:
    """The lab's own error comes through as it is, not wrapped as a failure to start."""

    def app(_: Context[Any]) -> web.Application:
        async def starting(_: web.Application) -> AsyncIterator[None]:
            await asyncio.open_connection("nowhere", 80)
            yield

        made = application(ok)
        made.cleanup_ctx.append(starting)
        return made

    with pytest.raises(LabError) as caught:
        run(alone(probe("trespasser", app)))
    assert str(caught.value) == "host may not call nowhere: add it to calls="


def test_a_store_that_is_stopped_ends_at_once_and_can_be_started_again() -> None:
    """It has nothing to clean up, so that its grace time is not waited for."""
    states: list[HostState] = []

    async def stop(system: System) -> None:
        await system.until(2)
        await system.stop("store", 5)
        await system.until(2.001)
        states.append(await system.state("store"))
        await system.start("store")
        states.append(await system.state("store"))

    recording = run(CACHED, conducted(stop, CACHED.duration_s))
    assert states == [HostState.DOWN, HostState.RUNNING]
    assert recording.notes == []
    assert all(request.good for request in recording.requests)


def test_a_trace_tells_of_kills_stops_starts_and_links() -> None:
    """Each once, at its time, with the host or link that it is about."""
    faults = (
        during(1, 2, Kill("store")),
        during(3, 4, Stop("back", grace_s=0.5)),
        during(5, 6, Down("front->back")),
    )
    broken = replace(CACHED, faults=faults)
    file = io.StringIO()
    plan = Plan(slug="told", lab=broken, variant=broken.variants[0], seed=1)
    engine = SimEngine(events=EventLog(file))
    engine.run(plan, conductor(faults, broken.duration_s), Silent())
    events = [json.loads(line) for line in file.getvalue().splitlines()]
    messages = {"run", "connect", "data", "end"}
    told = [event for event in events if event["event"] not in messages]
    assert [(e["at_s"], e["event"], e.get("host", e.get("link"))) for e in told] == [
        (1, "kill", "store"),
        (2, "start", "store"),
        (3, "stop", "back"),
        (4, "start", "back"),
        (5, "link down", "front->back"),
        (6, "link up", "front->back"),
    ]
    assert told[2]["grace_s"] == 0.5


def test_toxics_and_links_are_read_back_as_they_were_set() -> None:
    """What a fault asks to know whether it has been applied, and removed."""
    link = "client->host"
    toxic = ToxicSpec(
        name="slow", type="latency", stream="downstream", toxicity=1, attributes={"latency": 1}
    )
    seen: list[tuple[list[str], bool]] = []

    async def change(system: System) -> None:
        async def look() -> None:
            seen.append((list(await system.toxics(link)), await system.link_up(link)))

        await look()
        await system.add_toxic(link, toxic)
        await system.set_link(link, up=False)
        await look()
        await system.remove_toxic(link, "slow")
        await system.set_link(link, up=True)
        await look()

    run(alone(probe("idle", lambda _: application(ok))), conducted(change))
    assert seen == [([], True), (["slow"], False), ([], True)]


def test_what_no_host_logs_reaches_the_handlers_that_want_its_level() -> None:
    """The harness's own log lines go where they went before, and no lower level gets through."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    async def log(_: System) -> None:
        logging.getLogger("conductor").warning("a warning")
        logging.getLogger("conductor").error("an error")

    root, keeping = logging.getLogger(), Keeping(logging.ERROR)
    root.addHandler(keeping)
    try:
        recording = run(alone(probe("quiet", lambda _: application(ok))), conducted(log))
    finally:
        root.removeHandler(keeping)
    assert lines == ["an error"]
    assert recording.notes == []
