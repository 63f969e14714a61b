"""What a service may not do in the simulation: refused by its name, with the way to do it."""

import asyncio
import datetime as dt
import random
import sys
import time
import tomllib
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from harness.engines.sim import guard, loop
from harness.engines.sim.endings import ForbiddenError
from harness.engines.sim.refusals import REFUSED
from harness.model import Service
from harness.recording import Recording
from tests.support import At, lab, run

ROOT = Path(__file__).parents[3]

SOURCE = """
import asyncio
import concurrent.futures
import datetime
import io
import os
import pathlib
import random
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import choice
from threading import Thread
from time import monotonic

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


TIMED = """
        try:
            await asyncio.sleep(1)
        except socket.timeout:
            pass"""


def having(statement: str, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Run a lab's own service that does something for each request."""
    module = ModuleType("labs.culprit")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SOURCE.format(statement=statement), vars(module))  # noqa: S102 - a module without a file
    host = Service("host", app=module.__name__)
    return run(lab(host, load=At(to="host", times_s=(1.0,))))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("time.time()", "host#0 calls time.time(): use ctx.wall()"),
        ("time.sleep(1)", r"time.sleep(): use await asyncio.sleep(s)"),
        ("monotonic()", "time.monotonic(): use asyncio.get_running_loop().time()"),
        ("datetime.datetime.now()", "datetime.datetime.now(): use ctx.wall()"),
        ("date.today()", "datetime.date.today(): use ctx.wall()"),
        ("random.random()", "random.random(): use ctx.rng"),
        ("choice([1, 2])", "random.choice(): use ctx.rng"),
        ("random.SystemRandom()", "random.SystemRandom(): use ctx.rng"),
        ("secrets.token_hex()", "secrets.token_hex(): use ctx.rng"),
        ("uuid.uuid4()", "uuid.uuid4(): use ctx.rng"),
        ("os.urandom(4)", "os.urandom(): use ctx.rng"),
        ("open('ledger')", "open(): use ctx.volume"),
        ("io.open('ledger')", "io.open(): use ctx.volume"),
        ("Path('ledger').read_bytes()", "pathlib.Path(): use ctx.volume"),
        ("pathlib.Path('ledger')", "pathlib.Path(): use ctx.volume"),
        ("tempfile.mkdtemp()", "tempfile.mkdtemp(): use ctx.volume"),
        ("threading.Thread(target=print).start()", "threading.Thread(): a simulated host has no"),
        ("Thread()", "threading.Thread(): a simulated host has no threads; use asyncio"),
        ("concurrent.futures.ThreadPoolExecutor()", "ThreadPoolExecutor(): a simulated"),
        ("socket.socket()", "socket.socket(): a simulated host has no sockets; use ctx.call"),
        ("socket.create_connection(('x', 1))", "socket.create_connection(): a simulated host"),
        ("subprocess.run(['true'])", "subprocess.run(): a simulated host is one process"),
        ("os.system('true')", "os.system(): a simulated host is one process"),
        ("signal.signal(signal.SIGTERM, print)", "signal.signal(): a simulated host has no"),
        ("await asyncio.to_thread(print)", "loop.run_in_executor: a simulated host has"),
        ("await loop.getaddrinfo('x', 1)", "loop.getaddrinfo: a simulated host has no threads"),
        ("loop.add_signal_handler(15, print)", "loop.add_signal_handler: a simulated host has no"),
        ("loop.add_reader(0, print)", "loop.add_reader: a simulated host has no sockets"),
        ("await loop.sock_recv(None, 1)", "loop.sock_recv: a simulated host has no sockets"),
        ("await asyncio.create_subprocess_exec('true')", "loop.subprocess_exec: a simulated host"),
        ("await loop.create_datagram_endpoint(None)", "loop.create_datagram_endpoint: links carry"),
        ("await loop.connect_read_pipe(None, None)", "loop.connect_read_pipe: a simulated"),
        ("await asyncio.open_unix_connection('/x')", "loop.create_unix_connection: a simulated"),
    ],
)
def test_a_call_to_the_machine_ends_the_run(
    statement: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the service makes of the error: what followed could not be trusted."""
    with pytest.raises(ForbiddenError) as caught:
        having(statement, monkeypatch)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "random.Random(1).random()",
        "ctx.rng.choice([1, 2])",
        "time.struct_time(range(9))",
        "assert isinstance(datetime.datetime(2026, 1, 1), datetime.datetime)",
        "assert datetime.timedelta(seconds=1) and date(2026, 1, 1)",
        "os.path.join('a', 'b')",
        "uuid.UUID(int=1)",
        "uuid.uuid5(uuid.NAMESPACE_DNS, 'x')",
        "assert socket.AF_INET and signal.SIGTERM",
        TIMED,
    ],
)
def test_what_needs_no_machine_is_allowed(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded dice, names of errors, values of time."""
    recording = having(statement, monkeypatch)
    assert ([one.status for one in recording.requests], recording.notes) == (["200"], [])


def test_a_call_that_is_caught_ends_the_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broad except in a service hides nothing."""
    hidden = "\n        try:\n            time.time()\n        except Exception:\n            pass"
    with pytest.raises(ForbiddenError, match=r"time\.time"):
        having(hidden, monkeypatch)


def test_a_call_while_a_service_starts_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its `app`, before it answers anybody."""
    module = ModuleType("labs.culprit")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    source = SOURCE.format(statement="pass").replace("loop = ", "time.time(); loop = ")
    exec(source, vars(module))  # noqa: S102 - a module without a file
    with pytest.raises(ForbiddenError, match=r"host#0 calls time\.time\(\)"):
        run(lab(Service("host", app="labs.culprit"), load=At(to="host", times_s=())))


def test_everything_is_as_it_was_after_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after one that failed; and nobody else ever saw the stand-ins."""
    with pytest.raises(ForbiddenError):
        having("assert time.time()", monkeypatch)
    space = vars(sys.modules["labs.culprit"])
    assert "open" not in space
    assert space["time"] is time
    assert space["random"] is random
    assert space["date"] is dt.date
    assert space["monotonic"] is time.monotonic


def test_others_may_while_a_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service's function that is called from outside of the simulated hosts is not refused."""
    with guard.Guard(_never) as watching:
        module = ModuleType("labs.bystander")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec("import time\ndef read():\n    return time.time()", vars(module))  # noqa: S102
        watching.watch()
        assert vars(module)["time"] is not time
        assert vars(module)["read"]() == pytest.approx(time.time(), abs=60)


def _never(call: str, way: str) -> NoReturn:
    raise AssertionError(call, way)


def test_every_way_of_a_loop_to_the_machine_is_refused() -> None:
    """Else asyncio's own error would say that the loop is at fault, not what to do."""
    simulated = {
        "call_soon_threadsafe", "create_connection", "create_server", "shutdown_asyncgens",
        "shutdown_default_executor",
    }  # fmt: skip
    open_ended = [
        name
        for name, value in vars(asyncio.AbstractEventLoop).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(loop.VirtualLoop, name) is value
        and name not in simulated
    ]
    assert open_ended == []
    assert set(REFUSED) <= set(dir(asyncio.AbstractEventLoop))


def test_the_lint_rule_knows_what_the_simulation_refuses() -> None:
    """It finds the same calls before anything runs."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    banned = document["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    missing = [
        f"{module}.{name}"
        for module, instead in guard.MODULES.items()
        for name in instead
        if not {module, f"{module}.{name}"} & set(banned)
    ]
    assert missing == []
