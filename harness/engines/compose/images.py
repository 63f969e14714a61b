"""The image set: what it is made of, and what of it a Docker engine holds.

An image carries a label with a hash of all that decides what is in it: its Dockerfile, the sources
and the recipe of the files that it takes, and its parent's hash. It is ready when its label is the
hash of today.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import docker
from docker import DockerClient
from docker.errors import DockerException

from harness.errors import EnvironmentNotReadyError

ROOT = Path(__file__).resolve().parents[3]
RECIPES = ROOT / "compose" / "images"
LOCK = ROOT / "requirements.lock"
CONTENT_LABEL = "chaoslab.content"
BASE_LABEL = "chaoslab.base"
_HASH = re.compile(r"--hash=\S+")


@cache
def pins(*roots: str, without: frozenset[str] = frozenset()) -> str:
    """Give the lock's hashed requirements, one a line, of distributions and all that they need.

    Which needs which is read from what is installed. Markers are not evaluated, because it is not
    this Python that the wheels are for.
    """
    locked = _locked()
    found: set[str] = set()
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        if name in locked and name not in found | without:
            found.add(name)
            waiting |= _needs(name)
    return "".join(f"{locked[name]}\n" for name in sorted(found))


def _locked() -> dict[str, str]:
    """Map names to requirements with hashes, without those that only Windows needs."""
    entry = re.compile(
        r"^(\S+)==(\S+)(?: ; ([^\\\n]*))? \\\n((?: +--hash=\S+(?: \\)?\n)+)", re.MULTILINE
    )
    found: dict[str, str] = {}
    for name, version, marker, hashes in entry.findall(LOCK.read_text()):
        if "win32" not in marker:  # the first of several is the one for the oldest Python
            found.setdefault(name, " ".join([f"{name}=={version}", *_HASH.findall(hashes)]))
    return found


def _needs(name: str) -> set[str]:
    try:
        requirements = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()
    names = (re.split(r"[^\w.-]", r)[0] for r in requirements if "extra" not in r.partition(";")[2])
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Files that a script makes on the host, in a folder that it is given; kept in the cache."""

    script: str
    makes: str
    feed: Callable[[], str] = str
    """What the script reads from standard input."""

    def key(self) -> str:
        """Hash what decides the files: the script and what it is fed."""
        script = (RECIPES / self.script).read_bytes()
        return hashlib.sha256(script + b"\0" + self.feed().encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image, made by ``compose/images/<name>.Dockerfile`` on top of its parent."""

    name: str
    holds: str
    parent: str | None = "base"
    sources: tuple[str, ...] = ()
    """Folders of the repository whose Python files it holds."""
    artefact: Artefact | None = None
    part: str = ""
    """The folder of the artefact that it takes."""

    @property
    def reference(self) -> str:
        """What a Compose file calls it."""
        return f"chaoslab/{self.name}:local"

    def inputs(self) -> Iterator[tuple[str, Path]]:
        """Give the files that go into it from the repository, each with its name in the build."""
        yield "Dockerfile", RECIPES / f"{self.name}.Dockerfile"
        for folder in self.sources:
            for path in sorted((ROOT / folder).rglob("*.py")):
                yield path.relative_to(ROOT).as_posix(), path


DEBIAN = Artefact(script="debian.sh", makes="a small Debian 12, Prometheus and Redis")
TOXIPROXY = Artefact(script="toxiproxy.sh", makes="Toxiproxy from its source")
_SERVICE_ROOTS = ("aiohttp", "prometheus-client", "redis")
SERVICE_WHEELS = Artefact(
    script="wheels.sh", makes="the services' wheels", feed=partial(pins, *_SERVICE_ROOTS)
)
LOCUST_WHEELS = Artefact(
    script="wheels.sh",
    makes="Locust's wheels",
    # Locust asks for pytest for a way of writing tests that is not used here.
    feed=partial(pins, "locust", without=frozenset({"pytest"})),
)

IMAGES = (
    Image(
        name="base",
        holds="Debian 12, Python 3.11, the user chaos",
        parent=None,
        artefact=DEBIAN,
        part="base",
    ),
    Image(name="runtime", holds="what the services import", artefact=SERVICE_WHEELS, part="site"),
    Image(
        name="services",
        holds="the services and the labs",
        parent="runtime",
        sources=("services", "labs"),
    ),
    Image(name="locust", holds="Locust", parent="runtime", artefact=LOCUST_WHEELS, part="site"),
    Image(
        name="load",
        holds="the load generator",
        parent="locust",
        sources=("services", "labs", "harness"),
    ),
    Image(name="toxiproxy", holds="Toxiproxy", artefact=TOXIPROXY, part="toxiproxy"),
    Image(name="prometheus", holds="Prometheus", artefact=DEBIAN, part="prometheus"),
    Image(name="redis", holds="Redis", artefact=DEBIAN, part="redis"),
)
"""The whole set, parents before children."""

BY_NAME = {image.name: image for image in IMAGES}


class State(StrEnum):
    """Whether an engine holds an image as it would be built today."""

    READY = "ready"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStatus:
    """What an engine holds of one image, its size with its parents' layers (0 when missing)."""

    name: str
    reference: str
    size_bytes: int
    state: State
    content: str
    """The hash that the engine's copy carries, empty when missing."""


def connect() -> DockerClient:
    """Open a client to the engine, to be closed by the caller.

    Raises EnvironmentNotReadyError when none answers.
    """
    try:
        return docker.from_env(timeout=60)
    except DockerException as error:
        raise EnvironmentNotReadyError(
            "no Docker engine answers: start Docker, or run .ci/engine on a bare Debian 12"
        ) from error


def content_hash(image: Image, *, parent: str | None = None, base: str = "") -> str:
    """Hash all that decides what is in an image.

    ``parent`` is its parent's hash where that is not today's; ``base`` is the image from a registry
    that the set stands on, empty where it stands on Debian packages.
    """
    if parent is None:
        parent = content_hash(BY_NAME[image.parent], base=base) if image.parent else base
    digest = hashlib.sha256(parent.encode())
    if image.artefact:
        digest.update(f"\0{image.artefact.key()}\0{image.part}".encode())
    for name, path in image.inputs():
        content = path.read_bytes()
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _held(client: DockerClient) -> dict[str, dict[str, Any]]:
    """Map references to the engine's own summaries, in one call."""
    summaries = client.api.images(filters={"label": CONTENT_LABEL})
    held = cast("list[dict[str, Any]]", summaries)
    return {reference: summary for summary in held for reference in summary["RepoTags"] or ()}


def chosen_base(client: DockerClient) -> str:
    """Give the registry's image that the engine's set stands on, empty where it is Debian."""
    summary = _held(client).get(BY_NAME["base"].reference)
    return str(summary["Labels"].get(BASE_LABEL, "")) if summary else ""


def status(client: DockerClient, *, base: str | None = None) -> list[ImageStatus]:
    """Say of each image whether the engine holds it, in the order of `IMAGES`.

    ``base`` is as in `build`.
    """
    held = _held(client)
    base = chosen_base(client) if base is None else base
    found = []
    for image in IMAGES:
        summary = held.get(image.reference)
        content = summary["Labels"][CONTENT_LABEL] if summary else ""
        state = State.READY if content == content_hash(image, base=base) else State.STALE
        found.append(
            ImageStatus(
                name=image.name,
                reference=image.reference,
                size_bytes=summary["Size"] if summary else 0,
                state=state if summary else State.MISSING,
                content=content,
            )
        )
    return found


def missing_or_stale(client: DockerClient) -> list[ImageStatus]:
    """Give the images that a build would make."""
    return [one for one in status(client) if one.state is not State.READY]


def total_bytes(statuses: list[ImageStatus]) -> int:
    """Add up the sizes of images, layers that they share counted once."""
    sizes = {one.name: one.size_bytes for one in statuses}
    return sum(
        size - sizes.get(BY_NAME[name].parent or "", 0) for name, size in sizes.items() if size
    )
