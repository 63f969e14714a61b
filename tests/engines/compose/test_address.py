"""Where the engine is: found as the `docker` command finds it, for both must go to the same one."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker import DockerClient

from harness.engines.compose.address import SOCKET, Address, address, connect, described
from harness.errors import EnvironmentNotReadyError

CONTEXTS = {"one": "unix:///tmp/one.sock", "two": "tcp://127.0.0.1:2375"}


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two contexts with the `docker` command, and choose none."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name, url in CONTEXTS.items():
        docker("context", "create", name, "--docker", f"host={url}")


def docker(*arguments: str) -> str:
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


@pytest.mark.compose
@pytest.mark.usefixtures("contexts")
@pytest.mark.parametrize(
    ("environment", "used", "url"),
    [
        ({}, "", SOCKET),
        ({}, "one", CONTEXTS["one"]),
        ({"DOCKER_CONTEXT": "two"}, "", CONTEXTS["two"]),
        ({"DOCKER_CONTEXT": "two"}, "one", CONTEXTS["two"]),
        ({"DOCKER_CONTEXT": "default"}, "one", SOCKET),
        ({"DOCKER_CONTEXT": ""}, "one", CONTEXTS["one"]),
        ({"DOCKER_HOST": "unix:///tmp/other.sock"}, "one", "unix:///tmp/other.sock"),
        ({"DOCKER_HOST": "unix:///tmp/other.sock", "DOCKER_CONTEXT": "two"}, "", None),
        ({"DOCKER_HOST": ""}, "one", CONTEXTS["one"]),
    ],
)
def test_it_is_the_one_that_the_docker_command_takes(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], used: str, url: str | None
) -> None:
    """Whatever is set; a context is found where no configuration chooses one, too."""
    if used:
        docker("context", "use", used)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert address().url == (url or environment["DOCKER_HOST"])
    assert address().url == docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")


def test_a_context_that_there_is_not_is_no_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK would go to the default engine, where Compose does not go."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    with pytest.raises(EnvironmentNotReadyError, match="no Docker context nowhere: see docker con"):
        connect(1)


def test_configuration_that_cannot_be_read_names_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the `docker` command, which warns of it."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("[")
    assert address() == Address(url=SOCKET)


def test_it_says_what_named_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a variable that somebody has forgotten is seen."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///tmp/x.sock")
    assert str(address()) == "unix:///tmp/x.sock (DOCKER_HOST)"


@pytest.mark.compose
def test_the_sdk_goes_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a context, to another socket of the same engine."""
    real = os.environ.get("DOCKER_HOST", SOCKET).removeprefix("unix://")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    (tmp_path / "other.sock").symlink_to(real)
    docker("context", "create", "other", "--docker", f"host=unix://{tmp_path}/other.sock")
    client = connect(5)
    try:
        assert str(tmp_path) in vars(client.api.get_adapter("http+docker://"))["socket_path"]
        assert client.info()["ID"] == docker("info", "--format", "{{.ID}}")
    finally:
        client.close()


def engine(components: list[str], options: list[str]) -> DockerClient:
    fake: Any = SimpleNamespace(
        version=lambda: {"Version": "1.2", "Components": [{"Name": one} for one in components]},
        info=lambda: {"SecurityOptions": options},
    )
    return cast("DockerClient", fake)


@pytest.mark.parametrize(
    ("components", "options", "said"),
    [
        (["Engine"], ["name=seccomp,profile=default"], "Docker 1.2"),
        (["Engine"], ["name=seccomp", "name=rootless"], "rootless Docker 1.2"),
        (["Podman Engine", "Conmon"], [], "Podman 1.2"),
        (["Podman Engine"], ["name=rootless"], "rootless Podman 1.2"),
    ],
)
def test_it_says_what_engine_answers(components: list[str], options: list[str], said: str) -> None:
    """Docker or Podman, and whether it runs as an ordinary user."""
    assert described(engine(components, options)) == said
