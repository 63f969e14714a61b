"""A callback that does not end: the run ends, and says whose it was and where."""

import asyncio
import sys
import threading
import time
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from harness.engines.sim import loop, watchdog
from harness.engines.sim.endings import StuckError
from harness.model import Service
from tests.support import At, application, lab, probe, run, virtually

SOURCE = """
import asyncio
import tenacity
from dataclasses import dataclass
from aiohttp import web

@dataclass(frozen=True, kw_only=True)
class Settings:
    pass

def app(ctx):
    loop = asyncio.get_running_loop()

    async def handle(request):
        {statement}
        return web.Response()

    application = web.Application()
    application.router.add_get("/", handle)
    return application
"""

WAITS = [
    "end = loop.time() + 1\n        while loop.time() < end: pass",
    "end = ctx.now() + 1\n        while ctx.now() < end: pass",
    "end = ctx.wall() + 1\n        while ctx.wall() < end: pass",
    "import time\n        end = time.monotonic() + 1\n        while time.monotonic() < end: pass",
    "import datetime as d\n        e = d.datetime.now()\n        while d.datetime.now() <= e: pass",
    "while True:\n            try: loop.time()\n            except Exception: pass",
]

SPINS = [
    "while True: pass",
    "n = 0\n        while True: n += 1",
    "while True:\n            try: print(end='')\n            except Exception: pass",
    "sum(1 for _ in iter(int, 1))",
    "loop.call_soon(lambda: [None for _ in iter(int, 1)])\n        await asyncio.sleep(0)",
]


def spinning(statement: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a service that spins, and give what is said of it."""
    module = ModuleType("labs.spinner")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SOURCE.format(statement=statement), vars(module))  # noqa: S102 - without a file
    value = lab(
        Service("host", app=module.__name__),
        Service("other", app="services.worker"),
        load=At(to="host", times_s=(1.0,)),
    )
    with pytest.raises(StuckError) as caught:
        run(value)
    return str(caught.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "CPU_LIMIT_S", 0.2)
    monkeypatch.setattr(watchdog, "LOOK_S", 0.02)
    monkeypatch.setattr(loop, "ASK_LIMIT", 50_000)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("statement", WAITS)
def test_a_wait_that_only_asks_for_the_time_is_named(
    statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the loop's time, the context's, or a library's: none of them passes within a callback."""
    monkeypatch.setattr(watchdog, "CPU_LIMIT_S", 5)
    said = spinning(statement, monkeypatch)
    assert said.startswith("time stands still at 1.00075 s while host#0 asks for it without end: ")
    assert "labs.spinner:" in said
    assert "await asyncio.sleep(s)" in said


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("statement", SPINS)
def test_a_computation_without_end_is_named(
    statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it catches; with the line that it is at."""
    said = spinning(statement, monkeypatch)
    assert said.startswith("time stands still at 1.00075 s while host#0 computes for more than ")
    assert "labs.spinner:" in said


@pytest.mark.usefixtures("impatient")
def test_without_threads_who_asks_for_the_time_is_still_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a browser."""

    def none(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert "asks for it without end" in spinning(WAITS[0], monkeypatch)


@pytest.mark.usefixtures("impatient")
def test_many_callbacks_may_take_their_time() -> None:
    """What counts is one callback's CPU time: a long run of short ones is none of this."""

    async def scenario() -> None:
        for _ in range(60):
            until_s = time.thread_time() + watchdog.CPU_LIMIT_S / 20
            while time.thread_time() < until_s:
                pass
            await asyncio.sleep(0.001)

    virtually(scenario())


@pytest.mark.usefixtures("impatient")
def test_an_import_may_take_its_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A large library takes seconds, and they are the harness's, not the service's."""
    source = (
        "import time\nuntil_s = time.thread_time() + 0.6\nwhile time.thread_time() < until_s: pass"
    )
    (tmp_path / "large_library.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "large_library", raising=False)

    async def scenario() -> None:
        __import__("large_library")

    virtually(scenario())
    del sys.modules["large_library"]


@pytest.mark.usefixtures("impatient")
def test_the_time_may_be_asked_for_often() -> None:
    """As long as it goes on: the count is of one instant."""

    async def scenario() -> float:
        running = asyncio.get_running_loop()
        for _ in range(20):
            for _ in range(10_000):
                running.time()
            await asyncio.sleep(0.1)
        return running.time()

    assert virtually(scenario()) == pytest.approx(2)


def test_a_watchdogs_thread_ends_with_the_run() -> None:
    """Nothing is left that looks on."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response()

    host = Service("host", app=probe("quiet", lambda _: application(handle)))
    run(lab(host, load=At(to="host", times_s=(1.0,))))
    assert "watchdog" not in [thread.name for thread in threading.enumerate()]
