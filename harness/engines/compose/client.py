"""The way to the Docker engine: a client with time limits, and what its errors mean."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from docker import DockerClient
from docker.errors import APIError, DockerException

from harness.engines.compose import address
from harness.engines.compose.images import by_name
from harness.engines.compose.inventory import missing
from harness.errors import EnvironmentNotReadyError

CALL_LIMIT_S = 20
LOOK_LIMIT_S = 5
NO_PODMAN = "labs do not run on Podman (tried with 4.3: it makes no volume of a size): start Docker"
NO_PLUGIN = "docker has no compose plugin: install Docker Compose v2 (package docker-compose)"
NEEDED = ("services", "load", "toxiproxy", "prometheus")


@contextmanager
def engine() -> Iterator[DockerClient]:
    """Open a client for as long as the block lasts, in which its errors become one line.

    Raises:
        EnvironmentNotReadyError: no engine answers, or it refused or broke off.

    """
    nothing = address.no_engine()
    with answering(nothing):
        client = address.connect(CALL_LIMIT_S)
    try:
        with answering(nothing):
            client.ping()
        with answering():
            yield client
    finally:
        client.close()


@contextmanager
def answering(otherwise: str = "") -> Iterator[None]:
    """Say in one line what the engine's client raises.

    Raises:
        EnvironmentNotReadyError: with the text given, or with the engine's own words.

    """
    try:
        yield
    except APIError as error:
        said = otherwise or f"the Docker engine refused: {error.explanation or error}"
        raise EnvironmentNotReadyError(said) from error
    except (DockerException, requests.RequestException) as error:
        said = otherwise or (
            "the Docker engine stopped answering: start it again; "
            "the next run removes what is left of this one"
        )
        raise EnvironmentNotReadyError(said) from error


def why_not() -> str | None:
    """Say in one line why labs cannot run on containers here and what mends it; None if they can.

    Answers within a second when there is no engine.
    """
    try:
        with engine() as client:
            return _kind_problem(client) or _plugin_problem() or _image_problem(client)
    except EnvironmentNotReadyError as error:
        return str(error)


def unreachable() -> str | None:
    """Say in one line why no engine answers; None if one does, even if no lab can run on it."""
    try:
        with engine():
            return None
    except EnvironmentNotReadyError as error:
        return str(error)


def _kind_problem(client: DockerClient) -> str | None:
    if address.is_podman(client):
        return f"{address.described(client)} answers, and {NO_PODMAN}"
    return None


def _plugin_problem() -> str | None:
    try:
        found = subprocess.run(
            ["docker", "compose", "version"],  # noqa: S607 - the user's own docker
            capture_output=True,
            check=False,
            timeout=LOOK_LIMIT_S,
        )
    except FileNotFoundError:
        return "there is no docker command: install the Docker CLI with its compose plugin"
    except subprocess.TimeoutExpired:
        return f"docker compose did not answer within {LOOK_LIMIT_S} s: try again"
    return NO_PLUGIN if found.returncode else None


def _image_problem(client: DockerClient) -> str | None:
    lacking = {one.name for one in missing(client)}
    # What holds only sources is made anew in a second at the start of a run.
    needed = {name for name in NEEDED if not by_name()[name].is_of_sources} | {"runtime", "locust"}
    if lacking & needed:
        return f"no image of {', '.join(sorted(lacking & needed))}: run ./lab images build"
    return None
