"""Runs on containers that are broken off, by a person or by what happens to their containers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from docker import DockerClient

from harness.engines.compose import janitor
from harness.engines.compose.engine import ComposeEngine
from harness.errors import EnvironmentNotReadyError
from harness.model.fault import System
from harness.recording import FaultRecord
from tests.engines.compose.runs import (
    LIMIT_S,
    SHORT,
    Watcher,
    left_by,
    left_by_this_process,
    measure,
    of,
    of_this_process,
    plan,
)

pytestmark = pytest.mark.compose

KILLED = r"ended with code 137: .*"
REMOVED = "was removed from outside"


def end(client: DockerClient, name: str, *, removed: bool) -> None:
    """End a container of this process's run, as somebody else could."""
    (found,) = (one for one in of_this_process(client) if one.name.endswith(f"-{name}-1"))
    if removed:
        client.api.remove_container(found.id, force=True)
    else:
        client.api.kill(found.id)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((name, KILLED) for name in ("toxiproxy", "prometheus", "load", "payments")),
        *((name, REMOVED) for name in ("toxiproxy", "payments")),
    ],
)
def test_a_run_whose_containers_are_ended_is_no_run(
    client: DockerClient, tmp_path: Path, name: str, how: str
) -> None:
    """It ends at once, in one line with the name of what is gone and how; nothing is left.

    Be it one of ours or a service, which is about to be frozen or is so already.
    """
    watcher = Watcher(lambda: end(client, name, removed=how == REMOVED))
    wanted = f"^{name} {how}; no run can go on without it: run again$"
    with pytest.raises(EnvironmentNotReadyError, match=wanted) as caught:
        measure(SHORT, tmp_path, watcher)
    assert caught.value.exit_code == 2
    assert max(watcher.good) < 4
    assert left_by_this_process(client) == []


def one_of(client: DockerClient, name: str) -> str:
    (found,) = (one for one in of_this_process(client) if one.name.endswith(f"-{name}-1"))
    return found.id


def cut(client: DockerClient, name: str) -> None:
    container = one_of(client, name)
    labels = client.api.inspect_container(container)["Config"]["Labels"]
    network = f"{labels[janitor.RUN_LABEL]}_lab"
    client.api.disconnect_container_from_network(container, network)


MEDDLING: dict[str, tuple[Callable[[DockerClient], None], str]] = {
    "load": (lambda client: client.api.pause(one_of(client, "load")), "load was paused"),
    "service": (lambda client: client.api.pause(one_of(client, "checkout")), "checkout was paused"),
    "store": (
        lambda client: client.api.pause(one_of(client, "prometheus")),
        "prometheus was paused",
    ),
    "limits": (
        lambda client: client.api.update_container(one_of(client, "checkout"), cpu_shares=2),
        "checkout was given other limits",
    ),
    "proxy cut": (lambda client: cut(client, "toxiproxy"), "toxiproxy was taken off the lab's net"),
    "service cut": (lambda client: cut(client, "payments"), "payments was taken off the lab's net"),
}


@pytest.mark.parametrize("what", MEDDLING)
def test_what_somebody_else_does_to_a_run_ends_it(
    client: DockerClient, tmp_path: Path, what: str
) -> None:
    """At once and by name: a lab that is broken from outside would fail for nothing."""
    meddle, told = MEDDLING[what]
    watcher = Watcher(lambda: meddle(client))
    with pytest.raises(EnvironmentNotReadyError, match=f"^{told}.* by somebody else"):
        measure(SHORT, tmp_path, watcher)
    assert max(watcher.good) < 4
    assert left_by_this_process(client) == []


def test_an_error_is_put_down_to_the_container_that_has_ended(
    client: DockerClient, tmp_path: Path
) -> None:
    """What a fault met is a consequence; it may be met before the end of the log is."""

    async def conduct(system: System) -> list[FaultRecord]:
        end(client, "toxiproxy", removed=False)
        await system.link_up("client->checkout")
        return []

    with pytest.raises(EnvironmentNotReadyError, match=f"^toxiproxy {KILLED}; no run"):
        ComposeEngine(tmp_path).run(plan(SHORT), conduct, Watcher())
    assert left_by_this_process(client) == []


RUN = """
import sys
from collections.abc import Callable
from pathlib import Path
from harness.conductor import conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from labs.cascades.retry_storm.lab import LAB

class Steps:
    def second(self, number, good):
        print(number, flush=True)
    def step(self, what):
        print(what, flush=True)

plan = Plan(slug="retry-storm", lab=LAB, variant=LAB.variants[0], seed=1)
ComposeEngine(Path(sys.argv[1])).run(plan, conductor(LAB.faults, LAB.duration_s), Steps())
"""


def started(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - the program above
        [sys.executable, "-c", RUN, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def await_line(stream: IO[str] | None, wanted: str) -> None:
    assert stream
    assert any(line.strip() == wanted for line in stream), "it ended before"


@pytest.mark.parametrize("step", ["starting containers", "waiting until every service is up", "1"])
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_leaves_nothing(client: DockerClient, tmp_path: Path, step: str, times: int) -> None:
    """At whatever step, once or again and again: it cleans up and then ends as interrupted."""
    with started(tmp_path) as process:
        await_line(process.stdout, step)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_S)
    assert errors.strip().endswith("KeyboardInterrupt")
    assert left_by(client, process.pid) == []


def test_what_a_killed_harness_leaves_is_swept(client: DockerClient, tmp_path: Path) -> None:
    """Nothing can clean up after SIGKILL but the next run's janitor."""
    with started(tmp_path) as process:
        await_line(process.stdout, "loading")
        process.kill()
        process.communicate(timeout=LIMIT_S)
    assert of(client, process.pid)
    janitor.sweep()
    assert left_by(client, process.pid) == []
