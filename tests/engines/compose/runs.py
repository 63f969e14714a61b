"""Short runs on containers, and what they leave, for the tests of the engine."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError

from harness.conductor import conductor
from harness.engines.compose import janitor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.model import Lab, Pause, during
from harness.recording import Recording
from labs.cascades.retry_storm.lab import LAB

SEED = 5
SHORT = replace(LAB, duration_s=6, faults=(during(2, 4, Pause("payments")),))
LIMIT_S = 60


@dataclass
class Watcher:
    """Looks at the containers when second 1 is over, and keeps what it was told."""

    look: Callable[[], None] = lambda: None
    good: dict[int, int] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def second(self, number: int, good: int) -> None:
        self.good[number] = good
        if number == 1:
            self.look()

    def step(self, what: str) -> None:
        self.steps.append(what)


def plan(lab: Lab, variant: str = "no-retry") -> Plan:
    return Plan(slug="retry-storm", lab=lab, variant=lab.variant(variant), seed=SEED)


def measure(lab: Lab, folder: Path, watcher: Watcher | None = None) -> Recording:
    conduct = conductor(lab.faults, lab.duration_s)
    return ComposeEngine(folder).run(plan(lab), conduct, watcher or Watcher())


def of(client: DockerClient, *pids: int) -> list[janitor.Resource]:
    """List what processes have on the engine."""
    owners = set(map(str, pids))
    found = janitor.resources(client)
    return [one for one in found if one.labels.get("chaoslab.owner-pid") in owners]


def left_by(client: DockerClient, *pids: int) -> list[janitor.Resource]:
    """List what processes should have removed: not networks that the engine keeps by mistake."""
    return [one for one in of(client, *pids) if not _is_miscounted(client, one)]


def _is_miscounted(client: DockerClient, found: janitor.Resource) -> bool:
    """Say whether it is a network that nothing is on, and that the engine still will not let go.

    A busy engine may count one endpoint too many on a network, until it is started again; its log
    then says "Fixing inconsistent endpoint_cnt". A network that a run has forgotten looks the same.
    So this tries to remove it: the engine removes a forgotten network, and refuses the other kind.
    The answer is no for a forgotten one although it is gone now, so that the test still fails.
    """
    if found.kind != "network":
        return False
    try:
        if client.api.inspect_network(found.id)["Containers"]:
            return False
        client.api.remove_network(found.id)
    except APIError as error:
        return "has active endpoints" in str(error)
    return False


def left_by_this_process(client: DockerClient) -> list[janitor.Resource]:
    return left_by(client, os.getpid())


def of_this_process(client: DockerClient) -> list[janitor.Resource]:
    return of(client, os.getpid())
