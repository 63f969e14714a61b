"""Hosts that are stopped in order, whose clock is wrong, whose disk is full."""

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.process import EPOCH_S
from harness.errors import FaultNotAppliedError
from harness.model import ClockSkew, DiskFull, Kill, Pause, Service, Stop, during
from harness.model.fault import Clock, HostState, System
from harness.model.lab import Lab
from services.context import Context
from services.server import DRAIN_S
from tests.support import CLOSE, At, application, conducted, lab, probe, run

WALL_CLOSE = 1e-6
"""A float of seconds since 1970 is no finer."""


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


@dataclass(slots=True)
class Slow:
    """Takes `answer_s` for each answer; notes its starts and the end of its clean-up."""

    answer_s: float
    log: list[tuple[str, float]] = field(default_factory=list)

    def app(self, ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            try:
                await asyncio.sleep(self.answer_s)
            except asyncio.CancelledError:
                self.log.append(("cancelled", ctx.now()))
                raise
            return web.Response()

        async def alive(_: web.Application) -> AsyncIterator[None]:
            self.log.append(("up", ctx.now()))
            yield
            ctx.volume.write("goodbye", b"said")
            self.log.append(("cleaned up", ctx.now()))

        made = application(handle)
        made.cleanup_ctx.append(alive)
        return made

    def behind_front(self, *times_s: float, duration_s: float = 10) -> Lab:
        settings = {"timeout_ms": 60_000}
        return lab(
            Service("front", app="services.relay", calls=("host",), settings=settings),
            Service("host", app=probe("slow", self.app)),
            load=At(to="front", times_s=times_s, timeout_ms=60_000),
            duration_s=duration_s,
        )


def test_a_stop_lets_requests_in_progress_finish() -> None:
    """It answers what it has begun, takes nothing new, cleans up, and only then is gone."""
    slow = Slow(answer_s=1)
    states: list[HostState] = []

    async def act(system: System) -> None:
        await system.until(1.5)
        await system.stop("host", 10)
        states.append(await system.state("host"))
        await system.until(1.9)
        states.append(await system.state("host"))
        await system.until(3)
        states.append(await system.state("host"))
        await system.start("host")
        states.append(await system.state("host"))

    recording = run(slow.behind_front(1.0, 1.7, 4.0), conducted(act))
    assert states == [HostState.STOPPING, HostState.STOPPING, HostState.DOWN, HostState.RUNNING]
    assert [one.status for one in recording.requests] == ["200", "502", "200"]
    assert recording.requests[0].answered_s == close_to(2 + 8 * DELAY_S)
    assert recording.requests[1].answered_s == close_to(1.7 + 7 * DELAY_S)
    assert slow.log == [
        ("up", 0),
        ("cleaned up", close_to(2 + 6 * DELAY_S)),
        ("up", 3),
    ]


def test_a_stop_kills_what_is_left_after_its_grace_time() -> None:
    """No clean-up runs then, and callers see their connections end."""
    slow = Slow(answer_s=5)
    recording = run(slow.behind_front(1.0), conductor((during(2, 6, Stop("host", grace_s=1)),), 10))
    assert [one.status for one in recording.requests] == ["502"]
    assert recording.requests[0].answered_s == close_to(3 + 2 * DELAY_S)
    assert slow.log == [("up", 0), ("up", 6)]


def test_a_service_waits_for_its_requests_so_long_and_no_longer() -> None:
    """With more grace than it needs it gives up by itself, and cleans up."""
    slow = Slow(answer_s=30)
    faults = (during(2, 30, Stop("host", grace_s=25)),)
    recording = run(slow.behind_front(1.0, duration_s=35), conductor(faults, 35))
    assert [one.status for one in recording.requests] == ["502"]
    assert [what for what, _ in slow.log] == ["up", "cancelled", "cleaned up", "up"]
    assert slow.log[1][1] == close_to(2 + DRAIN_S)


def test_an_idle_host_stops_at_once() -> None:
    """Connections that rest in a pool do not hold it up, and fail no later call."""
    slow = Slow(answer_s=0)
    recording = run(
        slow.behind_front(1.0, 3.5), conductor((during(2, 3, Stop("host", grace_s=9)),), 10)
    )
    assert [one.status for one in recording.requests] == ["200", "200"]
    assert slow.log == [("up", 0), ("cleaned up", 2), ("up", 3)]


def test_a_host_that_is_still_stopping_is_killed_by_its_start() -> None:
    """The fault's end comes before the grace time's: the host is up when the fault is over."""
    slow = Slow(answer_s=5)
    recording = run(
        slow.behind_front(1.0, 5.0), conductor((during(2, 3, Stop("host", grace_s=9)),), 10)
    )
    assert [one.status for one in recording.requests] == ["502", "200"]
    assert slow.log == [("up", 0), ("up", 3)]


def test_a_stop_of_a_frozen_host_waits_for_its_thaw() -> None:
    """SIGTERM is taken when the process runs again; SIGKILL does not wait."""

    def stopped(grace_s: float) -> list[tuple[str, float]]:
        slow = Slow(answer_s=0)

        async def act(system: System) -> None:
            await system.until(1)
            await system.pause("host")
            await system.until(2)
            await system.stop("host", grace_s)
            await system.until(4)
            await system.resume("host")

        run(slow.behind_front(), conducted(act))
        return slow.log

    assert stopped(9) == [("up", 0), ("cleaned up", 4)]
    assert stopped(1) == [("up", 0)]


def test_a_stop_of_a_frozen_host_is_an_error() -> None:
    """It cannot be seen to act, so the run cannot be trusted."""
    faults = (during(1, 5, Pause("host")), during(2, 3, Stop("host")))
    with pytest.raises(FaultNotAppliedError, match="stop host"):
        run(Slow(answer_s=0).behind_front(), conductor(faults, 10))


def test_a_stopped_host_answers_no_scrape() -> None:
    """Its series have a gap from the signal on, as its port is closed."""
    recording = run(
        Slow(answer_s=4).behind_front(1.0), conductor((during(1.5, 8, Stop("host")),), 10)
    )
    (crashes,) = [
        values
        for key, values in recording.series.items()
        if (key.host, key.metric) == ("host", "crashes_total")
    ]
    assert [value == 0 for value in crashes] == [True] * 2 + [False] * 7 + [True] * 2


def test_a_second_signal_changes_nothing() -> None:
    """Nor does one to a host that is down."""
    slow = Slow(answer_s=0)

    async def act(system: System) -> None:
        await system.until(1)
        await system.stop("host", 5)
        await system.stop("host", 0.001)
        await system.until(2)
        await system.stop("host", 5)
        assert await system.state("host") is HostState.DOWN

    run(slow.behind_front(), conducted(act))
    assert slow.log == [("up", 0), ("cleaned up", 1)]


@dataclass(slots=True)
class Watch:
    """Reads its wall clock at given times, and keeps by how much it was wrong."""

    times_s: tuple[float, ...]
    errors: dict[float, float] = field(default_factory=dict)

    def app(self, ctx: Context[Any]) -> web.Application:
        def read(at_s: float) -> None:
            assert ctx.now() == at_s
            assert asyncio.get_running_loop().time() == at_s
            self.errors[at_s] = ctx.wall() - (EPOCH_S + at_s)

        for at_s in self.times_s:
            if at_s >= ctx.now():
                asyncio.get_running_loop().call_at(at_s, read, at_s)
        return application(ok)

    def lab(self) -> Lab:
        host = Service("host", app=probe("watch", self.app))
        other = Service("other", app="services.worker")
        return lab(host, other, load=At(to="host", times_s=()))


async def ok(request: web.Request) -> web.Response:
    del request
    return web.Response()


def test_a_clock_jumps_drifts_and_is_right_again() -> None:
    """Only the wall clock: timers fire when they should."""
    watch = Watch((1.0, 2.5, 3.0, 4.5, 6.0))
    skew = ClockSkew("host", skew_s=-30, drift_ppm=200_000)
    run(watch.lab(), conductor((during(2, 5, skew),), 10))
    assert watch.errors == {
        1.0: 0,
        2.5: pytest.approx(-30 + 0.1, abs=WALL_CLOSE),
        3.0: pytest.approx(-30 + 0.2, abs=WALL_CLOSE),
        4.5: pytest.approx(-30 + 0.5, abs=WALL_CLOSE),
        6.0: 0,
    }


def test_a_wrong_clock_outlives_the_process() -> None:
    """It is the host's, so a restart does not set it right."""
    watch = Watch((4.0,))
    faults = (during(2, 5, ClockSkew("host", skew_s=7)), during(2.5, 3, Kill("host")))
    run(watch.lab(), conductor(faults, 10))
    assert watch.errors == {4.0: pytest.approx(7, abs=WALL_CLOSE)}


def test_clocks_are_set_host_by_host() -> None:
    """And read back as they were set."""

    async def act(system: System) -> None:
        await system.set_clock("host", Clock(skew_s=1, drift_ppm=2))
        assert await system.clock("host") == Clock(skew_s=1, drift_ppm=2)
        assert await system.clock("other") == Clock()

    run(Watch(()).lab(), conducted(act))


def test_a_full_disk_takes_no_write_and_can_be_read() -> None:
    """The error is the operating system's own, and what was there stays as it was."""
    seen: list[tuple[int | None, bytes | None]] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            failed = None
            try:
                ctx.volume.write("ledger", b"%.1f" % ctx.now())
            except OSError as error:
                failed = error.errno
            seen.append((failed, ctx.volume.read("ledger")))
            return web.Response()

        return application(handle)

    host = Service("host", app=probe("disk", app))
    load = At(to="host", times_s=(1.0, 3.0, 5.0))
    run(lab(host, load=load), conductor((during(2, 4, DiskFull("host")),), 10))
    assert seen == [(None, b"1.0"), (errno.ENOSPC, b"1.0"), (None, b"5.0")]
