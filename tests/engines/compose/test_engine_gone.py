"""A Docker engine that goes away in the middle of a run, by way of a socket that can be cut."""

import gc
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.conductor import conductor
from harness.engines.compose import janitor, machine
from harness.engines.compose.client import engine, why_not
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.errors import EnvironmentNotReadyError
from labs.cascades.retry_storm.lab import LAB

ENGINE = "/var/run/docker.sock"


class Relay:
    """A Unix socket that hands everything on to the engine's, until it is cut."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def _spawn(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(ENGINE)
                self._ends += [near, far]
                self._spawn(self._copy, near, far)
                self._spawn(self._copy, far, near)

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                sink.sendall(content)
            sink.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._path.unlink(missing_ok=True)
        for end in (self._server, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in (self._server, *self._ends):
            end.close()


class Cutter:
    """An observer that cuts the relay when a second of the run is over."""

    def __init__(self, relay: Relay, second: int) -> None:
        self._relay = relay
        self._second = second

    def second(self, number: int, good: int) -> None:
        del good
        if number == self._second:
            self._relay.cut()

    def step(self, what: str) -> None:
        del what


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    if why_not() or not Path(ENGINE).exists():
        pytest.skip(f"no engine at {ENGINE}")
    made = Relay(tmp_path / "relay.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/relay.sock")
    yield made
    made.close()
    gc.collect()


@pytest.mark.compose
# docker-py forgets sockets whose other side has gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("second", [0, 5], ids=["while loading", "while a host is frozen"])
def test_an_engine_that_goes_away_ends_the_run_in_one_line(
    relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: int
) -> None:
    """Nothing can be removed then; a sweep does it when the engine is back."""
    plan = Plan(slug="gone", lab=LAB, variant=LAB.variant("no-retry"), seed=1)
    conduct = conductor(LAB.faults, LAB.duration_s)
    with pytest.raises(EnvironmentNotReadyError, match="stopped answering: start it again"):
        ComposeEngine(tmp_path).run(plan, conduct, Cutter(relay, second))
    monkeypatch.delenv("DOCKER_HOST")
    # The owner that the labels name is this process, which lives on: so it is made to look dead.
    monkeypatch.setattr(machine, "pid_start", lambda _: "")
    with engine() as client:
        mine = [
            one
            for one in janitor.orphans(client)
            if one.labels["chaoslab.owner-pid"] == str(os.getpid())
            and one.labels[janitor.RUN_LABEL].startswith("chaoslab-gone-")
        ]
        assert {one.kind for one in mine} == {"container", "network", "volume"}
        janitor.remove(client, mine)
        assert not set(map(str, mine)) & set(map(str, janitor.resources(client)))
