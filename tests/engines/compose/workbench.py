"""An engine that only notes what is built, for tests of the images."""

from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

from docker import DockerClient
from docker.errors import APIError

from harness.engines.compose import build, inventory
from harness.engines.compose.inventory import State

MB = 1_000_000
SCRIPTS = {
    "debian.sh": "mkdir $1/base $1/prometheus $1/redis; echo x >$1/base/base.tar",
    "toxiproxy.sh": "mkdir $1/toxiproxy",
    "wheels.sh": "mkdir $1/site; cat >$1/site/pins",
}


class FakeEngine:
    """An engine that holds summaries of images, and takes `docker build` for granted."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.built: list[str] = []
        self.used: set[str] = set()
        self.arguments: list[str] = []
        self.closed = False
        self.api = self
        self.real_run = build.run_step

    @property
    def images(self) -> Any:
        """Be the engine's list of images when called, and its image collection when not."""
        return self

    def __call__(self, *, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"label": inventory.CONTENT_LABEL}
        return list(self.held.values())

    def close(self) -> None:
        self.closed = True

    def run(
        self, command: list[str], what: str, stdin: IO[bytes] | None = None, report: Any = None
    ) -> None:
        """Note a build as the engine would; run everything else."""
        if command[0] != "docker":
            self.real_run(command, what, stdin, report)
            return
        self.arguments += command
        values = [argument.partition("=")[2] for argument in command if argument.startswith("--")]
        tag = next(value for value in values if value.startswith("chaoslab/"))
        assert tag.rpartition("-")[2] in next(
            v for v in values if v.startswith("chaoslab.content=")
        )
        self.held[tag] = {"RepoTags": [tag], "Id": f"sha256:{tag}", "Size": 5 * MB}
        self.built.append(tag.removeprefix("chaoslab/").partition(":")[0])

    def df(self) -> dict[str, Any]:
        return {"LayersSize": sum(one["Size"] for one in self.held.values())}

    def remove(self, name: str) -> None:
        if name in self.used:
            raise APIError("in use", response=cast("Any", SimpleNamespace(status_code=409)))
        del self.held[name]


def as_client(engine: FakeEngine) -> DockerClient:
    return cast("DockerClient", engine)


def ignore(_: str) -> None:
    pass


def states(client: DockerClient) -> dict[str, State]:
    return {one.name: one.state for one in inventory.status(client)}


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
