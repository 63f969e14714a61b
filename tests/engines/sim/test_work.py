"""CPU work in the simulation: it occupies its process, and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.model import CpuSlow, Kill, Pause, Service, during
from harness.model.fault import System, Timed
from harness.model.lab import Lab
from services.context import Context
from tests.support import CLOSE, At, application, conducted, lab, probe, run

ARRIVES_S = 3 * DELAY_S
"""From a request's sending to its handler: a connect's round trip, and one way."""


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


@dataclass(slots=True)
class Desk:
    """Works for `work_ms` on each request, with a clock that ticks beside; notes all times."""

    work_ms: float
    tick_s: float = 0
    log: list[tuple[str, float]] = field(default_factory=list)

    def app(self, ctx: Context[Any]) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            self.log.append((f"{request.path} begins", ctx.now()))
            await ctx.work(self.work_ms)
            self.log.append((f"{request.path} ends", ctx.now()))
            return web.Response()

        async def tick() -> None:
            while True:
                await asyncio.sleep(self.tick_s)
                self.log.append(("tick", ctx.now()))

        async def ticking(_: web.Application) -> AsyncIterator[None]:
            task = asyncio.get_running_loop().create_task(tick()) if self.tick_s else None
            yield
            del task

        made = application(handle)
        made.cleanup_ctx.append(ticking)
        return made

    def alone(self, *times_s: float) -> Lab:
        host = Service("host", app=probe("desk", self.app))
        return lab(host, load=At(to="host", path="/a", times_s=times_s, timeout_ms=60_000))

    def times(self, event: str) -> list[float]:
        return [at_s for what, at_s in self.log if what == event]


def test_timers_that_come_due_during_work_fire_after_it() -> None:
    """In the order in which they were due, as in a process whose event loop is blocked."""
    desk = Desk(work_ms=35, tick_s=0.01)
    run(desk.alone(1.0))
    end_s = 1 + ARRIVES_S + 0.035
    ticks = [at_s for at_s in desk.times("tick") if 0.995 < at_s < 1.06]
    assert ticks == [close_to(1), close_to(end_s), close_to(end_s + 0.01), close_to(end_s + 0.02)]


def test_what_works_goes_on_before_anything_that_waited() -> None:
    """Work does not interrupt its callback: the line behind it runs next, whatever is due."""
    desk = Desk(work_ms=30)
    run(desk.alone(1.0, 1.0, 1.0))
    first_s = 1 + ARRIVES_S
    assert [what for what, _ in desk.log] == ["/a begins", "/a ends"] * 3
    assert desk.times("/a begins") == [close_to(first_s + 0.03 * turn) for turn in range(3)]
    assert desk.times("/a ends") == [close_to(first_s + 0.03 * turn) for turn in (1, 2, 3)]


def test_a_timer_of_the_very_instant_waits_for_the_line_behind_the_work() -> None:
    """Also when it was set first."""
    log: list[str] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def busy(_: web.Application) -> AsyncIterator[None]:
            asyncio.get_running_loop().call_later(0.5, log.append, "timer")
            await ctx.work(500)
            log.append("worked")
            yield

        made = application(ok)
        made.cleanup_ctx.append(busy)
        return made

    run(lab(Service("host", app=probe("instant", app)), load=At(to="host", times_s=())))
    assert log == ["worked", "timer"]


def test_what_was_held_during_work_runs_in_its_order_and_before_what_comes_later() -> None:
    """Callbacks, and then timers, as a loop that was blocked would run them."""
    log: list[str] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def busy(_: web.Application) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            for number in range(3):
                loop.call_soon(log.append, f"soon {number}")
            for number in range(3):
                loop.call_later(0.1 * (number + 1), log.append, f"timer {number}")
            loop.call_later(0.5, log.append, "at the end")
            await ctx.work(500)
            loop.call_soon(log.append, "later")
            log.append("worked")
            yield

        made = application(ok)
        made.cleanup_ctx.append(busy)
        return made

    run(lab(Service("host", app=probe("held", app)), load=At(to="host", times_s=())))
    held = [f"{kind} {number}" for kind in ("soon", "timer") for number in range(3)]
    assert log == ["worked", *held, "at the end", "later"]


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


def test_a_busy_process_is_still_connected_to() -> None:
    """Its kernel accepts and buffers: the request is read when the work is done."""
    desk = Desk(work_ms=100)
    recording = run(desk.alone(1.0, 1.05))
    assert [one.answered_s for one in recording.requests] == [
        close_to(1.1 + ARRIVES_S + DELAY_S),
        close_to(1.2 + ARRIVES_S + DELAY_S),
    ]


def test_the_work_of_one_host_does_not_hold_another_up() -> None:
    """Each has a core of its own."""
    ticks: list[float] = []
    back = Desk(work_ms=50)

    def app(ctx: Context[Any]) -> web.Application:
        async def call(_: web.Request) -> web.Response:
            async with ctx.call("back").get("/a") as response:
                return web.Response(status=response.status)

        loop = asyncio.get_running_loop()
        for number in range(1, 12):
            loop.call_at(0.995 + number / 100, lambda: ticks.append(ctx.now()))
        return application(call)

    services = (
        Service("front", app=probe("front", app), calls=("back",)),
        Service("back", app=probe("back", back.app)),
    )
    recording = run(lab(*services, load=At(to="front", times_s=(1.0,))))
    assert [one.latency_s for one in recording.requests] == [close_to(0.05 + 8 * DELAY_S)]
    assert ticks == [close_to(0.995 + number / 100) for number in range(1, 12)]


def test_a_pause_leaves_work_half_done() -> None:
    """A stopped process burns no CPU; what is left of its work is done after the pause."""
    desk = Desk(work_ms=100)
    run(desk.alone(1.0), conductor((during(1.05, 3.05, Pause("host")),), 10))
    assert desk.times("/a ends") == [close_to(3.1 + ARRIVES_S)]


def test_a_slow_cpu_takes_longer_for_the_same_work() -> None:
    """By the factor, while the fault lasts, and no longer."""
    desk = Desk(work_ms=20)
    run(desk.alone(1.0, 3.0, 5.0), conductor((during(2, 4, CpuSlow("host", factor=5)),), 10))
    assert desk.times("/a ends") == [
        close_to(1.02 + ARRIVES_S),
        close_to(3.1 + DELAY_S),
        close_to(5.02 + DELAY_S),
    ]


def test_work_under_way_slows_down_from_where_it_is() -> None:
    """What is done is done; the rest takes the factor, and is fast again after the fault."""
    desk = Desk(work_ms=100)
    run(desk.alone(1.0), conductor((during(1.05, 1.15, CpuSlow("host", factor=4)),), 10))
    done_s = 0.05 - ARRIVES_S + 0.1 / 4
    assert desk.times("/a ends") == [close_to(1.15 + 0.1 - done_s)]


def test_the_cpu_of_a_paused_host_may_change() -> None:
    """It works at its new speed when the pause is over."""
    desk = Desk(work_ms=100)
    faults = (during(1.05, 3, Pause("host")), during(2, 5, CpuSlow("host", factor=2)))
    run(desk.alone(1.0), conductor(faults, 10))
    assert desk.times("/a ends") == [close_to(3 + 2 * (0.05 + ARRIVES_S))]


def test_a_process_that_is_killed_at_work_is_gone() -> None:
    """Nothing of it goes on, and the next one begins with an idle core."""
    desk = Desk(work_ms=100)
    recording = run(desk.alone(1.0, 3.0), conductor((during(1.05, 2, Kill("host")),), 10))
    assert desk.times("/a ends") == [close_to(3.1 + ARRIVES_S)]
    assert [one.status for one in recording.requests] == ["closed", "200"]


def test_no_work_takes_no_time() -> None:
    """And lets nobody else in between."""
    desk = Desk(work_ms=0)
    run(desk.alone(1.0, 1.0))
    assert [what for what, _ in desk.log] == ["/a begins", "/a ends"] * 2
    assert desk.times("/a ends") == [close_to(1 + ARRIVES_S)] * 2


def test_a_cpu_is_read_back() -> None:
    """A fault that is not seen is an error, so it must be seen."""
    seen: list[float] = []

    async def act(system: System) -> None:
        seen.append(await system.cpu("host"))
        await system.set_cpu("host", 3)
        seen.append(await system.cpu("host"))

    run(Desk(work_ms=1).alone(), conducted(act))
    assert seen == [1, 3]


@pytest.mark.parametrize("faults", [(), (during(1.01, 1.02, Pause("host")),)])
def test_what_waited_for_work_runs_in_the_order_in_which_it_was_due(
    faults: tuple[Timed, ...],
) -> None:
    """Timers of many instants, and what is due at one, in the order of setting; paused or not."""
    ran: list[int] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            loop = asyncio.get_running_loop()
            for number in range(20):
                loop.call_later(0.001 * (number // 2 + 1), ran.append, number)
            await ctx.work(35)
            ran.append(-1)
            return web.Response()

        return application(handle)

    host = Service("host", app=probe("orderly", app))
    value = lab(host, load=At(to="host", times_s=(1.0,), timeout_ms=60_000), faults=faults)
    run(value, conductor(faults, value.duration_s))
    assert ran == [-1, *range(20)]
