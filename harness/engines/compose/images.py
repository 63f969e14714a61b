"""The image set: what it is made of, and the names that its content gives it.

An image's tag is a hash of all that decides what is in it: its Dockerfile, the sources and the
recipe of the files that it takes, and its parent's hash. So checkouts and versions share an engine
without rebuilding each other's images, and a run takes exactly those of its tree.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RECIPES = ROOT / "compose" / "images"
LOCKS = ROOT / "requirements"
PUBLIC_BASE = (
    "docker.io/library/python:3.11-slim-bookworm"
    "@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84"
)
"""What the set stands on where it is pulled: the Python and the Debian of the packages."""
CHOSEN = ".base"
"""Names, beside the recipes, the image of a registry that this tree's set stands on."""
TAG_DIGITS = 12
_ENTRY = re.compile(
    r"^(\S+)==(\S+)(?: ; ([^\\\n]*))? \\\n((?: +--hash=\S+(?: \\)?\n)+)((?: +#.*\n)*)", re.MULTILINE
)
_HASH = re.compile(r"--hash=\S+")
_VIA = re.compile(r"^ +#(?: via)? +(\S+)$", re.MULTILINE)
"""Who needs an entry; the project itself stands there with a file behind its name."""


@cache
def pins(*roots: str, without: frozenset[str] = frozenset()) -> str:
    """Give the lock's hashed requirements, one a line, of distributions and all that they need.

    Which needs which is what the lock's comments say. Markers are not evaluated, because it is not
    this Python that the wheels are for.
    """
    locked = _locked()
    found: set[str] = set()
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        if name in locked and name not in found | without:
            found.add(name)
            waiting |= {other for other, (_, wanted_by) in locked.items() if name in wanted_by}
    return "".join(f"{locked[name][0]}\n" for name in sorted(found))


def _locked() -> dict[str, tuple[str, set[str]]]:
    """Map names to requirements with hashes, and to what needs them; none that is of Windows."""
    text = "".join(path.read_text() for path in sorted(LOCKS.glob("*.lock")))
    found: dict[str, tuple[str, set[str]]] = {}
    for name, version, marker, hashes, comments in _ENTRY.findall(text):
        if "win32" not in marker:  # the first of several is the one for the oldest Python
            requirement = " ".join([f"{name}=={version}", *_HASH.findall(hashes)])
            found.setdefault(name, (requirement, set(_VIA.findall(comments))))
    return found


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
    program: str = ""
    """A file of the repository that it runs, without what that stands beside."""
    source: str = ""
    """What of a registry it is made from where the set stands on one, in the artefact's place."""

    def made_from(self, base: str) -> Artefact | None:
        """Give the files that it takes from this machine, if any."""
        from_registry = base and (self.source or self.parent is None)
        return None if from_registry else self.artefact

    def inputs(self, base: str) -> Iterator[tuple[str, Path]]:
        """Give the files that go into it from the repository, each with its name in the build."""
        kind = "registry.Dockerfile" if base and self.source else "Dockerfile"
        yield "Dockerfile", RECIPES / f"{self.name}.{kind}"
        if self.program:
            yield Path(self.program).name, ROOT / self.program
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
    Image(
        name="toxiproxy",
        holds="Toxiproxy",
        artefact=TOXIPROXY,
        part="toxiproxy",
        source="ghcr.io/shopify/toxiproxy:2.12.0"
        "@sha256:9378ed52a28bc50edc1350f936f518f31fa95f0d15917d6eb40b8e376d1a214e",
    ),
    Image(
        name="prometheus",
        holds="Prometheus",
        artefact=DEBIAN,
        part="prometheus",
        program="harness/engines/compose/first_seconds.py",
        source="docker.io/prom/prometheus:v2.42.0",
    ),
    Image(
        name="redis",
        holds="Redis",
        artefact=DEBIAN,
        part="redis",
        source="docker.io/library/redis:7.0.15-bookworm",
    ),
)
"""The whole set, parents before children."""

BY_NAME = {image.name: image for image in IMAGES}


def content_hash(image: Image, *, base: str = "") -> str:
    """Hash all that decides what is in an image.

    ``base`` is the image from a registry that the set stands on, empty where it stands on Debian
    packages.
    """
    parent = content_hash(BY_NAME[image.parent], base=base) if image.parent else base
    digest = hashlib.sha256(parent.encode())
    if artefact := image.made_from(base):
        digest.update(f"\0{artefact.key()}\0{image.part}".encode())
    else:
        digest.update(f"\0{image.source}".encode())
    for name, path in image.inputs(base):
        content = path.read_bytes()
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def reference(name: str, *, base: str | None = None) -> str:
    """Give what a Compose file calls an image as this tree is now; ``base`` None: as chosen."""
    base = chosen_base() if base is None else base
    return f"chaoslab/{name}:{content_hash(BY_NAME[name], base=base)[:TAG_DIGITS]}"


def references() -> dict[str, str]:
    """Map every image's name to what a Compose file calls it as this tree is now."""
    base = chosen_base()
    return {name: reference(name, base=base) for name in BY_NAME}


def chosen_base() -> str:
    """Give the registry's image that this tree's set stands on, empty where it is Debian."""
    chosen = RECIPES / CHOSEN
    return chosen.read_text().strip() if chosen.exists() else ""


def choose_base(base: str) -> None:
    """Let this tree's set stand on an image of a registry, or on Debian packages when empty."""
    if base != chosen_base():
        (RECIPES / CHOSEN).write_text(f"{base}\n")
