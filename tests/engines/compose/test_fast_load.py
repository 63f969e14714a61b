"""A load of two processes, on containers."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from harness.conductor import conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.compose.stack import SERVICE_LABEL
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.errors import EnvironmentNotReadyError
from harness.model import Broken, Lab, Poisson, Service
from harness.recording import Recording, number_of
from tests.engines.compose.runs import left_by_this_process
from tests.support import Silent

FAST = Lab(
    title="A fast load",
    question="Does each request come once?",
    services=(Service("worker", app="services.worker", settings={"workers": 100}),),
    load=Poisson(rate_rps=600, to="worker", timeout_ms=4000),
    duration_s=4,
    variants=(Broken("plain", {}),),
    faults=(),
    expect=(),
    predict=(),
)
PLAN = Plan(slug="fast", lab=FAST, variant=FAST.variants[0], seed=11)
KILL_A_CHILD = "read child _ </proc/1/task/1/children; kill -9 $child"

pytestmark = pytest.mark.compose


@dataclass
class InTheSecond(Silent):
    """Does something when second 1 is over."""

    do: Callable[[], None]

    def second(self, number: int, good: int) -> None:
        del good
        if number == 1:
            self.do()


def load_of(client: DockerClient) -> Any:
    mine = f"chaoslab.owner-pid={os.getpid()}"
    labels = [mine, f"{SERVICE_LABEL}=load"]
    (container,) = client.containers.list(filters={"label": labels})
    return container


def measure(folder: Path, do: Callable[[], None]) -> Recording:
    return ComposeEngine(folder).run(PLAN, conductor((), FAST.duration_s), InTheSecond(do))


def test_600_requests_a_second_are_the_simulations_each_once(
    client: DockerClient, tmp_path: Path
) -> None:
    """The same arrivals in the same order, and every answer has one span of the worker."""
    commands: list[str] = []

    def look() -> None:
        commands.extend(row[-1] for row in load_of(client).top()["Processes"])

    recording = measure(tmp_path, look)
    simulated = SimEngine().run(PLAN, conductor((), FAST.duration_s), Silent())
    sent, due = (
        [(one.number, one.intended_s, one.path, one.method, one.to) for one in found.requests]
        for found in (recording, simulated)
    )
    assert sent == due
    served = Counter(number_of(span.trace) for span in recording.spans if span.kind == "server")
    assert set(served.values()) == {1}
    answered = {one.number for one in recording.requests if one.status.isdigit()}
    assert answered <= served.keys()
    assert len(answered) > 0.9 * len(sent)
    assert len(commands) == min(2, os.cpu_count() or 1)
    assert left_by_this_process(client) == []


def test_a_process_of_the_load_that_dies_ends_the_run(client: DockerClient, tmp_path: Path) -> None:
    """At once, with its message; nothing is left."""

    def kill() -> None:
        code, said = load_of(client).exec_run(["sh", "-c", KILL_A_CHILD])
        assert code == 0, said

    told = "load ended with code 1: .*process 2 of the load ended with code -9"
    with pytest.raises(EnvironmentNotReadyError, match=told):
        measure(tmp_path, kill)
    assert left_by_this_process(client) == []
