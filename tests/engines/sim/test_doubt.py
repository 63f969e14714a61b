"""An assertion of the kernel ends the run, whoever has caught it."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from harness.engines.sim.hosts import Host
from harness.engines.sim.pipe import Pipe
from harness.model import Lab, Service
from services.context import Context
from tests.support import At, application, lab, probe, run

SAID = "a byte too many"


def asked(handle: Any, name: str) -> Lab:
    def app(ctx: Context[Any]) -> web.Application:
        async def answer(_: web.Request) -> web.Response:
            await handle(ctx)
            return web.Response()

        return application(answer)

    host = Service("host", app=probe(name, app), restart_after_s=1)
    return lab(host, load=At(to="host", times_s=(1.0,)), duration_s=5)


def test_one_in_a_callback_of_the_kernel_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the loop would only report it."""

    async def handle(ctx: Context[Any]) -> None:
        del ctx

    monkeypatch.setattr(Pipe, "check", _kernels_own(SAID))
    with pytest.raises(AssertionError, match=SAID):
        run(asked(handle, "callback"))


def _kernels_own(said: str) -> Any:
    """Make a function that fails as a line of the kernel does."""
    space: dict[str, Any] = {"__name__": "harness.engines.sim.pipe"}
    exec(f"def check(self): assert False, {said!r}", space)  # noqa: S102 - our own
    return space["check"]


def test_one_that_a_library_logs_does() -> None:
    """As aiohttp does with what a handler raises, and with what it has wrapped."""
    check = _kernels_own(SAID)

    async def handle(ctx: Context[Any]) -> None:
        try:
            check(ctx)
        except AssertionError as error:
            raise aiohttp.ClientError from error

    with pytest.raises(AssertionError, match=SAID):
        run(asked(handle, "logged"))


def test_one_in_a_task_that_nobody_awaits_does() -> None:
    """Of a process."""
    check = _kernels_own(SAID)

    async def handle(ctx: Context[Any]) -> None:
        async def fail() -> None:
            check(ctx)

        asyncio.ensure_future(fail())  # noqa: RUF006 - nobody's

    with pytest.raises(AssertionError, match=SAID):
        run(asked(handle, "task"))


def test_one_in_a_restart_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own task, which nobody awaits either."""
    reboot, check = Host._reboot, _kernels_own(SAID)  # noqa: SLF001

    async def bad(self: Host) -> None:
        await reboot(self)
        check(self)

    monkeypatch.setattr(Host, "_reboot", bad)

    async def handle(ctx: Context[Any]) -> None:
        await ctx.exit()

    with pytest.raises(AssertionError, match=SAID):
        run(asked(handle, "restart"))


def test_one_of_a_service_is_its_own() -> None:
    """It is a crash like another, and a note."""

    async def handle(ctx: Context[Any]) -> None:
        raise AssertionError(SAID + ctx.host)

    notes = run(asked(handle, "own")).notes
    assert len(notes) == 1
    assert SAID in notes[0]
