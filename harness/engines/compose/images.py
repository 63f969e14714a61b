"""The image set: what it is made of, and the names that its content gives it.

An image's tag is the day of its Debian packages and a hash of all that decides what is in it: its
Dockerfile, the sources and the recipe of the files that it takes, and its parent's hash. So
checkouts and versions share an engine without rebuilding each other's images, and a run takes
exactly those of its tree.
"""

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from harness import labs_folder

ROOT = Path(__file__).resolve().parents[3]
RECIPES = ROOT / "compose" / "images"
LOCKS = ROOT / "requirements"
PUBLIC_BASE = (
    "docker.io/library/python:3.11-slim-bookworm"
    "@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84"
)
"""What the set stands on where it is pulled: the Python and the Debian of the packages."""
SNAPSHOT = "20261128"
"""The day whose Debian packages the set has, unless `images build --refresh` chose a later one."""
CHOSEN_SNAPSHOT = ".snapshot"
CHOSEN = ".base"
"""Names, beside the recipes, the image of a registry that this tree's set stands on."""
TAG_DIGITS = 12
FOLDER = "labs-folder"
"""The image of what lies in a folder of another repository's labs, where one is chosen."""
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


def imported(module: str, folders: Iterable[str]) -> set[Path]:
    """Give the files of folders that a module needs: what it imports, and what that imports."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path and path not in found and name.partition(".")[0] in folders:
            found.add(path)
            waiting += [name.rpartition(".")[0], *_imports(ast.parse(path.read_text()))]
    return found


def _file_of(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    files = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((path for path in files if module and path.exists()), None)


def _imports(node: ast.AST) -> Iterator[str]:
    """Give the modules that a file imports when it is run, and what may be modules in them."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield module
            yield from (f"{module}.{alias.name}" for alias in names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


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
    without: tuple[str, ...] = ()
    """Names of files that it does not take from there."""
    runs: str = ""
    """The module that it runs, if it holds no more of the folders than what that imports."""
    recipe: str = ""
    """The name of its Dockerfile, where others have the same."""
    artefact: Artefact | None = None
    part: str = ""
    """The folder of the artefact that it takes."""
    programs: tuple[str, ...] = ()
    """Files of the repository that it runs, without what they stand beside."""
    source: str = ""
    """What of a registry it is made from where the set stands on one, in the artefact's place."""
    home: Path | None = None
    """A folder of labs of another repository, whose Python files it holds."""

    @property
    def is_of_sources(self) -> bool:
        """Whether it is made from Python files alone, in a second, wherever its parent is."""
        return bool(self.sources or self.home)

    def made_from(self, base: str) -> Artefact | None:
        """Give the files that it takes from this machine, if any."""
        from_registry = base and (self.source or self.parent is None)
        return None if from_registry else self.artefact

    def inputs(self, base: str) -> Iterator[tuple[str, Path]]:
        """Give the files that go into it from the repository, each with its name in the build."""
        kind = "registry.Dockerfile" if base and self.source else "Dockerfile"
        yield "Dockerfile", RECIPES / f"{self.recipe or self.name}.{kind}"
        for program in self.programs:
            yield Path(program).name, ROOT / program
        if self.home:
            yield from _of_folder(self.home)
        needed = imported(self.runs, self.sources) if self.runs else None
        for path in self._files():
            if path.name not in self.without and (needed is None or path in needed):
                yield path.relative_to(ROOT).as_posix(), path

    def _files(self) -> list[Path]:
        """Give the Python files of its folders, and those that make these packages."""
        folders = [ROOT / folder for folder in self.sources]
        above = {part for folder in self.sources for part in Path(folder).parents if part.name}
        packages = (ROOT / part / "__init__.py" for part in above)
        found = {path for folder in folders for path in folder.rglob("*.py")}
        return sorted(found | {path for path in packages if path.exists()})


def snapshot() -> str:
    """Give the day of this tree's Debian packages, as YYYYMMDD."""
    chosen = RECIPES / CHOSEN_SNAPSHOT
    return chosen.read_text().strip() if chosen.exists() else SNAPSHOT


def choose_snapshot(day: str) -> None:
    """Let this tree's set have the packages of a day."""
    if day != snapshot():
        (RECIPES / CHOSEN_SNAPSHOT).write_text(f"{day}\n")


DEBIAN = Artefact(
    script="debian.sh", makes="a small Debian 12, Prometheus and Redis", feed=snapshot
)
TOXIPROXY = Artefact(script="toxiproxy.sh", makes="Toxiproxy from its source")
STDIO_AGENT = "harness/engines/compose/stdio_agent.py"
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

_COMMON = (
    Image(
        name="base",
        holds="Debian 12, Python 3.11, the user chaos",
        parent=None,
        artefact=DEBIAN,
        part="base",
    ),
    Image(name="runtime", holds="what the services import", artefact=SERVICE_WHEELS, part="site"),
    Image(name="services", holds="the services", parent="runtime", sources=("services",)),
    Image(name="locust", holds="Locust", parent="runtime", artefact=LOCUST_WHEELS, part="site"),
    Image(
        name="load",
        holds="the load generator",
        parent="locust",
        sources=("services", "harness"),
        runs="harness.engines.compose.loadgen",
    ),
    Image(
        name="toxiproxy",
        holds="Toxiproxy",
        artefact=TOXIPROXY,
        part="toxiproxy",
        programs=(STDIO_AGENT,),
        source="ghcr.io/shopify/toxiproxy:2.12.0"
        "@sha256:9378ed52a28bc50edc1350f936f518f31fa95f0d15917d6eb40b8e376d1a214e",
    ),
    Image(
        name="prometheus",
        holds="Prometheus",
        artefact=DEBIAN,
        part="prometheus",
        programs=("harness/engines/compose/first_seconds.py", STDIO_AGENT),
        source="docker.io/prom/prometheus:v2.53.0"
        "@sha256:075b1ba2c4ebb04bc3a6ab86c06ec8d8099f8fda1c96ef6d104d9bb1def1d8bc",
    ),
    Image(
        name="redis",
        holds="Redis",
        artefact=DEBIAN,
        part="redis",
        source="docker.io/library/redis:7.2.5"
        "@sha256:fb534a36ac2034a6374933467d971fbcbfa5d213805507f560d564851a720355",
    ),
)


def image_of(app: str) -> str:
    """Name the image that holds a service: a lab's own is in an image of that lab."""
    package, _, rest = app.partition(".")
    if labs_folder.chosen() and (package == "labs" or not _file_of(app)):
        return FOLDER
    return rest.split(".")[1].replace("_", "-") if package == "labs" else "services"


def _of_labs() -> Iterator[Image]:
    """Give an image for each lab that has services of its own, so that none renames another's.

    They stand in `service.py`, or in files such as `service_log.py` where there are several.
    """
    for home in sorted({path.parent for path in (ROOT / "labs").glob("*/*/service*.py")}):
        folder = home.relative_to(ROOT)
        yield Image(
            name=image_of(".".join([*folder.parts, "service"])),
            holds="the lab's own services",
            parent="services",
            sources=(folder.as_posix(),),
            without=("lab.py",),
            recipe="lab",
        )


IMAGES = (*_COMMON, *_of_labs())
"""The whole set, parents before children."""

BY_NAME = {image.name: image for image in IMAGES}


def by_name() -> dict[str, Image]:
    """Give the set's images by name, with that of a chosen folder of labs."""
    home = labs_folder.chosen()
    if home is None:
        return BY_NAME
    holds = "the services of another repository"
    return BY_NAME | {FOLDER: Image(name=FOLDER, holds=holds, parent="services", home=home)}


def _of_folder(home: Path) -> Iterator[tuple[str, Path]]:
    """Give a folder's files where its labs' names find them: as `labs`, and in `services`."""
    for path in labs_folder.modules(home):
        inside = path.relative_to(home).as_posix()
        yield f"app/{inside if inside.startswith('services/') else f'labs/{inside}'}", path


def content_hash(image: Image, *, base: str = "") -> str:
    """Hash all that decides what is in an image.

    ``base`` is the image from a registry that the set stands on, empty where it stands on Debian
    packages.
    """
    parent = content_hash(by_name()[image.parent], base=base) if image.parent else base
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
    digest = content_hash(by_name()[name], base=base)[:TAG_DIGITS]
    return f"chaoslab/{name}:{snapshot()}-{digest}"


def references() -> dict[str, str]:
    """Map every image's name to what a Compose file calls it as this tree is now."""
    base = chosen_base()
    return {name: reference(name, base=base) for name in by_name()}


def chosen_base() -> str:
    """Give the registry's image that this tree's set stands on, empty where it is Debian."""
    chosen = RECIPES / CHOSEN
    return chosen.read_text().strip() if chosen.exists() else ""


def choose_base(base: str) -> None:
    """Let this tree's set stand on an image of a registry, or on Debian packages when empty."""
    if base != chosen_base():
        (RECIPES / CHOSEN).write_text(f"{base}\n")
