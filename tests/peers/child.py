"""Runs somebody else's tests on a real or a simulated loop, and writes down what came of each.

`child.py LIBRARY WORLD CHOSEN OUTCOMES PYTEST-ARGUMENTS...`, in the folder of those tests; CHOSEN
is a file with the names of the tests to be run, in JSON, or nothing for all. It is run as a file,
for their tests may be a package called `tests`, as ours are.
"""

import asyncio
import gc
import json
import os
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import aiohttp
import pytest

from harness.engines.sim import network
from harness.engines.sim.connector import IDLE_S, SimConnector
from harness.engines.sim.holders import HOLDERS
from harness.engines.sim.redis_greeting import SERVED
from tests.peers.simulated_loop import HOST, PeerLoop
from tests.peers.suites import SIMULATED, SUITES, Suite


class Outcomes:
    """A plugin that writes a line for each test: its name, what came of it, and why."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._so_far: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's setup, call and teardown; write it down after the last."""
        outcome, why = self._so_far.get(report.nodeid, ("passed", ""))
        if report.failed and outcome != "failed":
            outcome, why = "failed", _why(report)
        elif report.skipped and outcome == "passed":
            outcome = "failed as meant" if hasattr(report, "wasxfail") else "skipped"
        self._so_far[report.nodeid] = outcome, why
        if report.when == "teardown":
            print(json.dumps([report.nodeid, outcome, why]), file=self._file, flush=True)


def _why(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash else report.longrepr)
    return f"{report.when}: {message.strip()[:300]}"


class Frozen:
    """A plugin that keeps collections short: aiohttp's tests ask for one after each of them."""

    def pytest_collection_finish(self) -> None:
        """Let the collector pass over what has been imported."""
        gc.collect()
        gc.freeze()


class Chosen:
    """A plugin that leaves out all tests but some."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that are chosen."""
        items[:] = [item for item in items if item.nodeid in self._names]


class Simulated:
    """A plugin that puts simulated loops, time and dice in the place of the machine's."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        PeerLoop.serves_redis = suite.needs_redis
        network.PROXY = HOST  # the proxies of a test's links are where the test is: no stranger
        policy = asyncio.DefaultEventLoopPolicy
        policy._loop_factory = PeerLoop  # type: ignore[attr-defined] # noqa: SLF001 - asked by all

    def pytest_collection_finish(self) -> None:
        """Replace time and dice, once what the tests import has been loaded."""
        HOLDERS.install()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let sessions have the services' connector, but where aiohttp's own is the subject."""
        HOLDERS.extend()
        own = item.path.name in self._suite.own_connector
        failed_before = item.session.testsfailed
        try:
            with nullcontext() if own else _our_connector():
                return (yield)
        finally:
            if item.session.testsfailed > failed_before:
                _clean_up()


def _clean_up() -> None:
    """Let go of what a failed test has left, before the next one is blamed for it.

    aiohttp's plugin does not close the loop of a test that fails.
    """
    for name in ("last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for loop in [each for each in PeerLoop.open if not each.is_running()]:
            loop.close()
        gc.collect()


OWN_CONNECTOR = aiohttp.TCPConnector


class _Connector(SimConnector):
    """The services' connector under the name of aiohttp's own, if its options are enough."""

    allowed_protocol_schema_set = OWN_CONNECTOR.allowed_protocol_schema_set

    def __new__(cls, **options: Any) -> Any:
        """Make one of aiohttp's own where a test asks for a resolver, an address or the like."""
        known = {"limit", "limit_per_host", "keepalive_timeout", "force_close"}
        return super().__new__(cls) if options.keys() <= known else OWN_CONNECTOR(**options)

    def __init__(self, *, limit: int = 100, limit_per_host: int = 0, **options: Any) -> None:
        keepalive_s = options.get("keepalive_timeout", IDLE_S)
        super().__init__(limit=limit, limit_per_host=limit_per_host, keepalive_timeout=keepalive_s)
        self._force_close = bool(options.get("force_close"))


@contextmanager
def _our_connector() -> Iterator[None]:
    modules = (aiohttp, aiohttp.connector, aiohttp.client)
    for module in modules:
        setattr(module, "TCPConnector", _Connector)  # noqa: B010 - a class, by its name
    try:
        yield
    finally:
        for module in modules:
            setattr(module, "TCPConnector", OWN_CONNECTOR)  # noqa: B010 - the same


class RedisVersion:
    """A plugin by which redis-py's tests ask for what Redis 7.0 has, on either loop."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Put the simulated server's version in the place of what theirs has found, or has not."""
        known: dict[str, object] = getattr(session.config, "REDIS_INFO", {})
        known.update(version=SERVED["version"], arch_bits=64, cluster_enabled=False)
        known["enterprise"] = False


def main() -> int:
    """Run pytest with what the arguments say."""
    library, world, chosen, outcomes, *arguments = sys.argv[1:]
    suite = next(one for one in SUITES if one.library == library)
    with Path(outcomes).open("w") as file:
        plugins: list[object] = [Outcomes(file), Frozen(), RedisVersion()]
        if chosen:
            plugins.append(Chosen(frozenset(json.loads(Path(chosen).read_text()))))
        if world == SIMULATED:
            plugins.append(Simulated(suite))
        # What is ours is imported; from now on `tests` may be theirs.
        del sys.modules["tests"]
        return pytest.main(arguments, plugins)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Python would wait for threads that a test has left.
    os._exit(code)
