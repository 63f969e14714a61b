"""A service that ends its own process, and the policy by which its host starts again."""

import asyncio
import gc
import io
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import DELAY_S, SimEngine
from harness.engines.sim.events import EventLog
from harness.model import Kill, Service, Stop, during
from harness.model.fault import HostState, System
from harness.model.lab import Lab
from harness.recording import Recording, SeriesKey
from services.context import Context
from services.server import live
from tests.support import CLOSE, At, Silent, conducted, lab, probe, run


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


@dataclass(slots=True)
class Fragile:
    """Ends its process at `/exit` or a second `/second`; may not start; notes its life."""

    stillborn: int = 0
    asked: int = 0
    said: list[tuple[str, float]] = field(default_factory=list)

    @property
    def log(self) -> list[tuple[str, float]]:
        """What was said in the run; when it is over, Python runs the `finally` of what it drops."""
        return [(what, at_s) for what, at_s in self.said if at_s < 10 - CLOSE]

    def app(self, ctx: Context[Any]) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            try:
                ctx.volume.write("ledger", b"begun")
                self.asked += 1
                if request.path == "/exit" or (request.path, self.asked) == ("/second", 2):
                    await ctx.exit(7)
                await asyncio.sleep(0.5)
            finally:
                ctx.volume.write("ledger", b"unwound")
                self.said.append(("finally", ctx.now()))
            return web.Response()

        async def alive(_: web.Application) -> AsyncIterator[None]:
            before = ctx.volume.read("ledger")
            self.said.append(("up" if before is None else f"up, {before.decode()}", ctx.now()))
            if before and self.stillborn:
                self.stillborn -= 1
                raise OSError("the ledger is torn")
            yield
            self.said.append(("cleaned up", ctx.now()))

        made = web.Application()
        made.router.add_get("/{any:.*}", handle)
        made.cleanup_ctx.append(alive)
        return made

    def lab(self, *times_s: float, again_s: float | None = None, path: str = "/exit") -> Lab:
        host = Service("host", app=probe("fragile", self.app), restart_after_s=again_s)
        return lab(host, load=At(to="host", times_s=times_s, path=path))


def up(recording: Recording) -> list[float]:
    return recording.series[SeriesKey("host", "up", "")]


def test_an_exit_is_a_crash() -> None:
    """At once: callers lose their connection, no `finally` runs, the volume is as it was."""
    fragile = Fragile()
    recording = run(fragile.lab(1.0))
    (request,) = recording.requests
    assert not request.status.isdigit()
    assert fragile.log == [("up", 0)]
    assert recording.notes == [f"{1 + 3 * DELAY_S:.3f} s host#0: ended with code 7"]
    assert up(recording) == [1, 1] + [0] * 9
    (crashes,) = [
        values for key, values in recording.series.items() if key.metric == "crashes_total"
    ]
    assert [math.isnan(value) for value in crashes] == [False] * 2 + [True] * 9


def test_whatever_else_the_process_does_ends_with_it() -> None:
    """A request that is served beside it loses its connection at the same time."""
    recording = run(Fragile().lab(1.0, 1.2, path="/second"))
    assert not any(one.status.isdigit() for one in recording.requests)
    assert recording.spans == []


def test_without_a_policy_a_host_stays_down_until_a_fault_has_ended() -> None:
    """Whose end starts it, as the end of any kill does."""
    fragile = Fragile()
    run(fragile.lab(1.0), conductor((during(4, 6, Kill("host")),), 10))
    assert fragile.log == [("up", 0), ("up, begun", 6)]


def test_a_policy_starts_the_host_again_after_each_crash() -> None:
    """After so many seconds, on the disk that it had."""
    fragile = Fragile()
    recording = run(fragile.lab(1.0, 5.0, again_s=2))
    assert fragile.log == [
        ("up", 0),
        ("up, begun", close_to(3 + 3 * DELAY_S)),
        ("up, begun", close_to(7 + 3 * DELAY_S)),
    ]
    assert [note.partition(" ")[2] for note in recording.notes] == [
        "s host#0: ended with code 7",
        "s host#1: ended with code 7",
    ]
    assert up(recording) == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("fault", [Kill("host"), Stop("host", grace_s=1)])
def test_a_fault_holds_down_what_a_policy_would_start(fault: Kill | Stop) -> None:
    """Also when it comes after the crash: the host starts at the fault's end, and only then."""
    fragile = Fragile()
    run(fragile.lab(1.0, again_s=3), conductor((during(2, 6, fault),), 10))
    assert fragile.log == [("up", 0), ("up, begun", 6)]


def test_a_policy_is_about_crashes_alone() -> None:
    """What a fault has ended is the fault's to start."""
    fragile = Fragile()
    run(fragile.lab(again_s=0.5), conductor((during(2, 6, Kill("host")),), 10))
    assert fragile.log == [("up", 0), ("up", 6)]


def test_a_process_that_does_not_start_again_is_a_crash_too() -> None:
    """It is tried anew, until it starts."""
    fragile = Fragile(stillborn=2)
    recording = run(fragile.lab(1.0, again_s=1))
    assert [what for what, _ in fragile.log] == ["up", *["up, begun"] * 3]
    assert fragile.log[-1][1] == close_to(4 + 3 * DELAY_S)
    assert [note.partition(" s ")[2] for note in recording.notes] == [
        "host#0: ended with code 7",
        "host#1: service host does not start: OSError: the ledger is torn",
        "host#2: service host does not start: OSError: the ledger is torn",
    ]
    assert up(recording)[2:6] == [0, 0, 0, 1]


def test_a_process_that_was_asked_to_stop_may_exit() -> None:
    """It is down then, and not started again by a policy."""
    fragile = Fragile()

    async def act(system: System) -> None:
        await system.until(1.2)
        await system.stop("host", 60)
        await system.until(1.4)
        assert await system.state("host") is HostState.STOPPING

    recording = run(fragile.lab(1.0, path="/slow", again_s=1), conducted(act))
    assert [one.status for one in recording.requests] == ["200"]
    assert [what for what, _ in fragile.log] == ["up", "finally", "cleaned up"]


def test_a_trace_tells_of_a_crash_and_a_restart() -> None:
    """As of a fault's."""
    fragile = Fragile()
    file = io.StringIO()
    value = fragile.lab(1.0, again_s=2)
    plan = Plan(slug="test", lab=value, variant=value.variants[0], seed=0)
    SimEngine(events=EventLog(file)).run(plan, conductor((), 10), Silent())
    events = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [event for event in events if "host" in event] == [
        {
            "at_s": close_to(1 + 3 * DELAY_S),
            "event": "crash",
            "host": "host",
            "how": "ended with code 7",
        },
        {"at_s": close_to(3 + 3 * DELAY_S), "event": "start", "host": "host"},
    ]


def test_an_exit_in_a_finally_of_what_ended_changes_nothing() -> None:
    """Python runs it when it drops the coroutine: the process has one end, with its first code."""

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            try:
                await ctx.exit(7)
            finally:
                await ctx.exit(8)

        made = web.Application()
        made.router.add_get("/{any:.*}", handle)
        return made

    host = Service("host", app=probe("twice", app))
    recording = run(lab(host, load=At(to="host", times_s=(1.0,), path="/")))
    gc.collect()
    assert recording.notes == [f"{1 + 3 * DELAY_S:.3f} s host#0: ended with code 7"]


def test_settings_that_change_while_a_process_starts_are_its_own() -> None:
    """As when they change before: it reads them when it is up."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        level: int = live(1)

    seen: list[tuple[float, int]] = []

    def app(ctx: Context[Settings]) -> web.Application:
        async def slow(_: web.Application) -> AsyncIterator[None]:
            await asyncio.sleep(1 if ctx.now() else 0)
            yield

        async def handle(_: web.Request) -> web.Response:
            seen.append((ctx.now(), ctx.settings.level))
            return web.Response()

        made = web.Application()
        made.router.add_get("/{any:.*}", handle)
        made.cleanup_ctx.append(slow)
        return made

    async def act(system: System) -> None:
        await system.until(1)
        await system.kill("host")
        async with asyncio.TaskGroup() as group:
            group.create_task(system.start("host"))
            await system.until(1.5)
            await system.configure("host", {"level": 5})
            assert await system.configured("host") == {"level": 5}

    host = Service("host", app=probe("slow", app, Settings))
    run(lab(host, load=At(to="host", times_s=(0.5, 4.0), path="/")), conducted(act))
    assert [level for _, level in seen] == [1, 5]
