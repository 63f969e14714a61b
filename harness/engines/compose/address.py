"""Where the Docker engine is: the SDK is sent where the `docker` command goes by itself.

The SDK follows contexts too, but one that it cannot find it passes over in silence, on to the
default engine; then it would look at one engine, and Compose would start containers on another.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker import DockerClient

from harness.errors import EnvironmentNotReadyError

SOCKET = "unix:///var/run/docker.sock"
DEFAULT = "default"
CONNECTIONS = 64
"""Kept open at most: each log that is followed has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An engine's URL, and what names it; "" when nothing does."""

    url: str
    named_by: str = ""

    def __str__(self) -> str:
        return f"{self.url} ({self.named_by})" if self.named_by else self.url


def address() -> Address:
    """Find it as `docker` does: DOCKER_HOST, DOCKER_CONTEXT, what `docker context use` has set.

    Raises:
        EnvironmentNotReadyError: a context is named that there is not.

    """
    if host := os.environ.get("DOCKER_HOST"):
        return Address(url=host, named_by="DOCKER_HOST")
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _read(folder / "config.json").get("currentContext")
    if not name or name == DEFAULT:
        return Address(url=SOCKET)
    digest = hashlib.sha256(name.encode()).hexdigest()
    there = _read(folder / "contexts" / "meta" / digest / "meta.json")
    url = there.get("Endpoints", {}).get("docker", {}).get("Host")
    if not url:
        mend = "see docker context ls, or unset DOCKER_CONTEXT"
        raise EnvironmentNotReadyError(f"there is no Docker context {name}: {mend}")
    return Address(url=url, named_by=f"context {name}")


def is_here(there: Address) -> bool:
    """Say whether a port that the engine publishes on loopback can be reached from here."""
    return there.url.startswith(("unix://", "npipe://"))


def no_engine() -> str:
    """Say that none answers, where one was named, and what to do."""
    there = address()
    where = f" at {there}" if there.named_by else ""
    return f"no Docker engine answers{where}: start Docker, or run .ci/engine on a bare Debian 12"


def connect(limit_s: int) -> DockerClient:
    """Open a client to that engine, to be closed by the caller; raises what the SDK raises."""
    environment = {**os.environ, "DOCKER_HOST": address().url}
    return docker.from_env(timeout=limit_s, max_pool_size=CONNECTIONS, environment=environment)


def described(client: DockerClient) -> str:
    """Say what engine it is, and its version."""
    rootless = "rootless " if is_rootless(client) else ""
    name = "Podman" if is_podman(client) else "Docker"
    return f"{rootless}{name} {client.version()['Version']}"


def is_podman(client: DockerClient) -> bool:
    """Say whether it is Podman that answers in Docker's place."""
    return any("Podman" in one["Name"] for one in client.version().get("Components") or ())


def is_rootless(client: DockerClient) -> bool:
    """Say whether the engine runs as an ordinary user."""
    return any("rootless" in one for one in client.info().get("SecurityOptions") or ())


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
