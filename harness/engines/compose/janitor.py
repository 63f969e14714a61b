"""The janitor: removes what runs left behind that can no longer do it themselves.

Nothing is removed but what carries Chaoslab's labels and belongs to a process of this machine that
is gone, or to another machine's and has expired.
"""

import logging
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker import DockerClient
from docker.errors import APIError, NotFound

from harness.engines.compose import machine
from harness.engines.compose.client import engine
from harness.errors import EnvironmentNotReadyError

RUN_LABEL = "chaoslab.run"
REMOVAL_LIMIT_S = 20.0
ROOM_LIMIT_S = 5.0
RETRY_S = 0.1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A container, network or volume of a run."""

    kind: str
    id: str
    name: str
    labels: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def resources(client: DockerClient, run: str | None = None) -> list[Resource]:
    """List what carries a run's labels, or any run's, containers first."""
    filters = {"label": RUN_LABEL if run is None else f"{RUN_LABEL}={run}"}
    found = [
        _resource("container", row["Id"], row["Names"][0].lstrip("/"), row)
        for row in client.api.containers(all=True, filters=filters)
    ]
    found += [
        _resource("network", row["Id"], row["Name"], row)
        for row in client.api.networks(filters=filters)
    ]
    found += [
        _resource("volume", row["Name"], row["Name"], row)
        for row in client.api.volumes(filters=filters)["Volumes"] or ()
    ]
    return found


def _resource(kind: str, id_: str, name: str, row: Mapping[str, Any]) -> Resource:
    return Resource(kind=kind, id=id_, name=name, labels=row["Labels"] or {})


def orphans(client: DockerClient) -> list[Resource]:
    """List what belongs to runs that are over; never what a living run still uses."""
    now_s = _engine_now_s(client)
    return [found for found in resources(client) if is_orphan(found.labels, now_s)]


def _engine_now_s(client: DockerClient) -> float:
    """Ask for the engine's own time, by which every run that uses it has set its expiry."""
    told: str = client.info()["SystemTime"]
    return datetime.fromisoformat(f"{told[:19]}+00:00").timestamp()


def is_orphan(labels: Mapping[str, str], now_s: float) -> bool:
    """Say whether labels name an owner that is gone, or else a time that is over.

    Only an owner that could be seen from here can be known to be gone: two machines may share a
    host's name and an engine, and a container's processes have numbers of their own.
    """
    try:
        pid, start = int(labels["chaoslab.owner-pid"]), labels["chaoslab.owner-start"]
        expires_s = float(labels["chaoslab.expires"])
    except (KeyError, ValueError):
        return False  # started by hand, or by another version: not ours to judge
    if _place(labels) == (socket.gethostname(), machine.boot_id(), machine.pid_namespace()):
        return machine.pid_start(pid) != start
    return now_s > expires_s


def _place(labels: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(labels.get(f"chaoslab.owner-{what}") for what in ("host", "boot", "pids"))


def sweep() -> list[str]:
    """Remove all orphans and give their names.

    Raises:
        EnvironmentNotReadyError: no engine answers, or it will not remove them.

    """
    with engine() as client:
        found = orphans(client)
        remove(client, found)
    return [str(resource) for resource in found]


def make_room(client: DockerClient) -> None:
    """Remove the orphans before a run.

    Raises:
        EnvironmentNotReadyError: a container is still there, or a volume.

    """
    found = orphans(client)
    try:
        remove(client, found, limit_s=ROOM_LIMIT_S)
    except EnvironmentNotReadyError as error:
        pass_over(orphans(client), error)


def pass_over(left: Iterable[Resource], error: EnvironmentNotReadyError) -> None:
    """Tell of networks that the engine will not let go; they are in nobody's way.

    An engine that was too busy may count an endpoint of a network where there is none, until it is
    started again. What was run on it is none the worse for that.

    Raises:
        EnvironmentNotReadyError: `error`; a container is still there, or a volume.

    """
    if any(one.kind != "network" for one in left):
        raise error
    log.warning("%s", error)


def remove(client: DockerClient, found: Iterable[Resource], limit_s: float | None = None) -> None:
    """Remove resources: containers, running or not, then networks and volumes.

    Raises:
        EnvironmentNotReadyError: some of them are still there after the time limit.

    """
    left = list(found)
    give_up_s = time.monotonic() + (REMOVAL_LIMIT_S if limit_s is None else limit_s)
    with ThreadPoolExecutor(max_workers=8) as pool:
        while left:
            for kinds in (("container",), ("network", "volume")):
                batch = [one for one in left if one.kind in kinds]
                gone = pool.map(lambda one: _gone(client, one), batch)
                done = [one for one, is_gone in zip(batch, gone, strict=True) if is_gone]
                left = [one for one in left if one not in done]
            if left and time.monotonic() > give_up_s:
                names = ", ".join(str(one) for one in left)
                raise EnvironmentNotReadyError(
                    f"could not remove {names}: run ./lab clean, or start the Docker engine again"
                )
            if left:
                time.sleep(RETRY_S)


def _gone(client: DockerClient, resource: Resource) -> bool:
    """Try to remove; a network may be in use for a moment after its last container went."""
    try:
        match resource.kind:
            case "container":
                client.api.remove_container(resource.id, force=True, v=True)
            case "network":
                client.api.remove_network(resource.id)
            case _:
                client.api.remove_volume(resource.id)
    except NotFound:
        return True
    except APIError:
        return False
    return True
