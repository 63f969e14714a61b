"""Hosts of a simulated lab: paused, killed, started again."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.errors import FaultNotAppliedError, LabError
from harness.model import Kill, Pause, Service, during
from harness.model.fault import HostState, System
from harness.model.lab import Lab
from services.context import Context, dice
from tests.support import CLOSE, At, application, conducted, lab, probe, run


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


def alone(
    app: str, *times_s: float, settings: dict[str, float] | None = None, timeout_ms: float = 60_000
) -> Lab:
    """Make a lab of one host, asked at given times."""
    load = At(to="host", times_s=times_s, timeout_ms=timeout_ms)
    return lab(Service("host", app=app, settings=settings or {}), load=load)


def chain(callee: str, *times_s: float) -> Lab:
    """Make a lab in which `front` relays what it is asked to `host`."""
    return lab(
        Service("front", app="services.relay", calls=("host",), settings={"timeout_ms": 60_000}),
        Service("host", app=callee),
        load=At(to="front", times_s=times_s, timeout_ms=60_000),
    )


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


@dataclass(slots=True, kw_only=True)
class Ticks:
    """Notes the times at which a host's timers fire; each life of the host sets its own."""

    delays_s: tuple[float, ...]
    fired: list[tuple[float, float]]

    def app(self, ctx: Context[Any]) -> web.Application:
        def fire(due_s: float) -> None:
            self.fired.append((due_s, ctx.now()))

        for delay_s in self.delays_s:
            asyncio.get_running_loop().call_later(delay_s, fire, delay_s)
        return application(ok)


def test_timers_that_come_due_in_a_pause_fire_at_its_end_in_order() -> None:
    """As after SIGCONT: late, all at once, and in the order in which they were due."""
    ticks = Ticks(delays_s=(5.0, 1.0, 3.0, 2.5, 4.0), fired=[])

    async def freeze(system: System) -> None:
        await system.until(2)
        await system.pause("host")
        assert await system.state("host") is HostState.PAUSED
        await system.until(4.5)
        await system.resume("host")
        assert await system.state("host") is HostState.RUNNING

    run(alone(probe("ticks", ticks.app)), conducted(freeze))
    assert ticks.fired == [
        (1.0, 1.0),
        (2.5, 4.5),
        (3.0, 4.5),
        (4.0, 4.5),
        (5.0, 5.0),
    ]


def test_what_arrives_in_a_pause_is_buffered_and_served_after_it() -> None:
    """The kernel of a frozen process accepts connections and keeps bytes; nothing is lost."""
    recording = run(
        alone("services.worker", 1.0, 2.5, 3.0, 5.0, settings={"workers": 1, "service_ms": 100}),
        conductor((during(2, 4, Pause("host")),), 10),
    )
    assert [one.status for one in recording.requests] == ["200"] * 4
    assert [one.answered_s for one in recording.requests] == [
        close_to(1.1 + 4 * DELAY_S),
        close_to(4.1 + DELAY_S),
        close_to(4.2 + DELAY_S),
        close_to(5.1 + 2 * DELAY_S),
    ]


def test_a_pause_of_one_host_does_not_touch_another() -> None:
    """The caller's own timers go on: it runs into its time limit while the callee is frozen."""
    frozen = lab(
        Service("front", app="services.relay", calls=("host",), settings={"timeout_ms": 500}),
        Service("host", app="services.worker"),
        load=At(to="front", times_s=(3.0,)),
    )
    recording = run(frozen, conductor((during(2, 8, Pause("host")),), 10))
    assert recording.requests[0].status == "504"
    assert recording.requests[0].answered_s == close_to(3.5 + 4 * DELAY_S)


@dataclass(slots=True)
class Hoarder:
    """Starts, in each life, what would write to its volume if a `finally` of it ran."""

    contexts: list[Context[Any]]

    def app(self, ctx: Context[Any]) -> web.Application:
        self.contexts.append(ctx)
        boots = int(ctx.volume.read("boots") or b"0")
        ctx.volume.write("boots", b"%d" % (boots + 1))

        async def wait(name: str) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                ctx.volume.write(name, b"its finally ran")

        async def generate() -> AsyncIterator[int]:
            try:
                yield 1
                await asyncio.sleep(100)
            finally:
                ctx.volume.write("generator", b"its finally ran")

        async def consume() -> None:
            async for _ in generate():
                pass

        async def group() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(wait("child"))

        async def handle(_: web.Request) -> web.Response:
            await wait("handler")
            return web.Response()

        async def background(_: web.Application) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            running = [
                loop.create_task(wait("task")),
                loop.create_task(wait("named"), name="a name of its own"),
                loop.create_task(consume()),
                loop.create_task(group()),
            ]
            yield
            del running

        made = application(handle)
        made.cleanup_ctx.append(background)
        return made

    def files(self) -> dict[str, bytes | None]:
        names = ("boots", "task", "named", "generator", "child", "handler")
        return {name: self.contexts[0].volume.read(name) for name in names}


def test_no_finally_of_a_killed_process_writes_to_its_volume() -> None:
    """Not at the kill, not when Python collects its coroutines, not when the run is over."""
    hoarder = Hoarder([])
    wanted: dict[str, bytes | None] = {
        "boots": b"1",
        "task": None,
        "named": None,
        "generator": None,
        "child": None,
        "handler": None,
    }

    async def crash(system: System) -> None:
        await system.until(2)
        await system.kill("host")
        assert await system.state("host") is HostState.DOWN
        gc.collect()
        assert hoarder.files() == wanted
        await system.until(3)
        gc.collect()
        assert hoarder.files() == wanted
        await system.start("host")
        gc.collect()
        assert hoarder.files() == wanted | {"boots": b"2"}

    recording = run(alone(probe("hoarder", hoarder.app), 1.0), conducted(crash))
    gc.collect()
    assert hoarder.files() == wanted | {"boots": b"2"}
    assert [one.status for one in recording.requests] == ["closed"]


def test_a_restart_finds_the_volume_as_the_crash_left_it() -> None:
    """And nothing else: memory is new, the volume is not."""
    hoarder = Hoarder([])
    run(
        alone(probe("hoarder", hoarder.app)),
        conductor((during(1, 2, Kill("host")), during(3, 4, Kill("host"))), 10),
    )
    assert hoarder.files()["boots"] == b"3"
    assert len({id(ctx) for ctx in hoarder.contexts}) == 3


def test_a_kill_ends_the_connections_of_its_peers() -> None:
    """A caller in the middle of a call is told after one delay, not after its own time limit."""

    async def never(request: web.Request) -> web.Response:
        del request
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    recording = run(
        chain(probe("never", lambda _: application(never)), 1.0),
        conductor((during(2, 4, Kill("host")),), 10),
    )
    (call,) = [span for span in recording.spans if span.kind == "client"]
    assert (call.status, call.end_s) == ("closed", close_to(2 + DELAY_S))
    assert [one.status for one in recording.requests] == ["502"]


def test_calls_to_a_host_that_is_down_fail_fast() -> None:
    """The proxy accepts, and closes with the request unread, which resets: in three delays."""
    recording = run(
        chain("services.worker", 1.0, 2.5, 3.5, 5.0),
        conductor((during(2, 4, Kill("host")),), 10),
    )
    assert [one.status for one in recording.requests] == ["200", "502", "502", "200"]
    failed = [span for span in recording.spans if span.status == "reset"]
    assert [span.end_s - span.start_s for span in failed] == [close_to(3 * DELAY_S)] * 2


def test_the_clock_and_the_timers_of_a_killed_process_are_gone() -> None:
    """What it had set never fires, in its own life or in the next one."""
    ticks = Ticks(delays_s=(1.0, 3.0), fired=[])
    run(alone(probe("ticks", ticks.app)), conductor((during(2, 5, Kill("host")),), 10))
    assert ticks.fired == [
        (1.0, 1.0),
        (1.0, close_to(6.0)),
        (3.0, close_to(8.0)),
    ]


def test_a_killed_process_records_nothing_after_its_death() -> None:
    """Its spans would come when Python collects garbage, which no seed decides."""

    def once(*, collect: bool) -> str:
        async def crash(system: System) -> None:
            await system.until(2.01)
            await system.kill("host")
            if collect:
                gc.collect()
            await system.until(4)
            await system.start("host")
            if collect:
                gc.collect()

        times_s = [1 + number / 100 for number in range(150)]
        recording = run(chain("services.worker", *times_s), conducted(crash))
        died = [span for span in recording.spans if span.callee == "host" and span.status == "500"]
        assert died == []
        return recording.digest()

    assert once(collect=True) == once(collect=False)


def test_a_run_that_is_over_records_nothing_more() -> None:
    """What was still under way ends without a span, so that a recording does not change."""
    recording = run(alone("services.worker", *[9.0] * 50, timeout_ms=300), None)
    before = recording.digest(), len(recording.spans), list(recording.notes)
    gc.collect()
    assert (recording.digest(), len(recording.spans), recording.notes) == before


def test_a_host_draws_anew_in_each_life() -> None:
    """Jitter that came again after every restart would bring callers together."""
    draws: list[float] = []

    def app(ctx: Context[Any]) -> web.Application:
        draws.append(ctx.rng.random())
        return web.Application()

    faults = (during(2, 3, Kill("host")), during(4, 5, Kill("host")))
    run(alone(probe("draws", app)), conductor(faults, 10))
    assert draws == [dice(0, "host", start).random() for start in range(3)]
    assert len(set(draws)) == 3


def test_spans_of_a_host_have_ids_of_their_own_in_each_life() -> None:
    """Else a call of the new process would be taken for one of the old."""
    recording = run(
        chain("services.worker", 1.0, 1.5, 5.0, 5.5),
        conductor((during(2, 4, Kill("front")), during(2, 4, Kill("host"))), 10),
    )
    ids = [span.span for span in recording.spans]
    assert len(ids) == 4 * 3
    assert len(set(ids)) == len(ids)


def test_hosts_with_alike_names_have_span_ids_of_their_own() -> None:
    """`worker-1` and `worker-2` begin with the same letters."""
    recording = run(
        lab(
            Service("front", app="services.relay", calls=("worker-1", "worker-2")),
            Service("worker-1", app="services.worker"),
            Service("worker-2", app="services.worker"),
            load=At(to="front", times_s=(1.0,)),
        )
    )
    ids = [span.span for span in recording.spans]
    assert len(ids) == 5
    assert len(set(ids)) == len(ids)


def test_a_dead_host_is_not_brought_back_by_the_end_of_a_pause() -> None:
    """SIGCONT does not raise the dead; only a start does."""
    ticks = Ticks(delays_s=(6.0,), fired=[])

    async def overlap(system: System) -> None:
        await system.until(1)
        await system.pause("host")
        await system.until(2)
        await system.kill("host")
        await system.resume("host")
        assert await system.state("host") is HostState.DOWN
        await system.pause("host")
        assert await system.state("host") is HostState.DOWN

    run(alone(probe("ticks", ticks.app)), conducted(overlap))
    assert ticks.fired == []


def test_a_host_that_runs_is_not_started_twice() -> None:
    """Who starts it again finds it up and leaves it alone."""
    hoarder = Hoarder([])

    async def act(system: System) -> None:
        await system.kill("host")
        await system.start("host")
        await system.start("host")

    run(alone(probe("hoarder", hoarder.app)), conducted(act))
    assert len(hoarder.contexts) == 2


def test_a_kill_that_another_kill_ends_is_an_error() -> None:
    """The first end starts the host: the second kill is gone before its time."""
    faults = (during(1, 4, Kill("host")), during(2, 6, Kill("host")))
    with pytest.raises(FaultNotAppliedError, match="kill host: gone, in whole or in part"):
        run(alone("services.worker"), conductor(faults, 10))


def test_a_pause_of_a_dead_host_is_an_error() -> None:
    """It cannot be seen to act, so the run cannot be trusted."""
    with pytest.raises(FaultNotAppliedError, match="pause host"):
        run(
            alone("services.worker"),
            conductor((during(1, 5, Kill("host")), during(2, 3, Pause("host"))), 10),
        )


def test_a_service_that_cannot_start_is_the_labs_fault() -> None:
    """A setting that it does not have, or a module that is not there."""
    with pytest.raises(LabError, match="service host does not start: no setting 'speed'"):
        run(alone("services.worker", settings={"speed": 1}))
    with pytest.raises(LabError, match="service host does not start: No module"):
        run(alone("services.no_such"))


def test_a_callback_that_crashes_is_noted_with_its_host_and_time() -> None:
    """A crash in the background of a service reaches the person who reads the run."""

    def app(ctx: Context[Any]) -> web.Application:
        def fail() -> None:
            raise ValueError(ctx.host)

        asyncio.get_running_loop().call_later(1.5, fail)
        return application(ok)

    recording = run(alone(probe("crash", app)))
    assert recording.notes == ["1.500 s host#0: ValueError('host')"]


def test_work_takes_virtual_time() -> None:
    """`ctx.work` occupies the simulated CPU for as long as it says."""
    done_s: list[float] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            await ctx.work(30)
            done_s.append(ctx.now())
            return web.Response()

        return application(handle)

    run(alone(probe("work", app), 1.0))
    assert done_s == [close_to(1.03 + 3 * DELAY_S)]


def test_work_of_one_process_is_done_one_after_the_other() -> None:
    """A process has one CPU: nothing else of it runs while it is busy."""
    done_s: list[float] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            await ctx.work(30)
            done_s.append(ctx.now())
            return web.Response()

        return application(handle)

    run(alone(probe("work", app), 1.0, 1.0))
    assert done_s == [close_to(1.03 + 3 * DELAY_S), close_to(1.06 + 3 * DELAY_S)]


def test_the_wall_clock_starts_with_the_year() -> None:
    """A host's wall clock is a fixed date plus the run's own time, never the machine's."""
    read: list[tuple[float, float]] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            read.append((ctx.now(), ctx.wall()))
            return web.Response()

        return application(handle)

    run(alone(probe("clock", app), 1.0))
    ((now_s, wall_s),) = read
    assert wall_s == 1_767_225_600 + now_s
