"""Finding labs: those in the repository, and the catalogue of those that are still to come."""

import csv
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import LabError
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.validate import problems

ROOT = Path(__file__).resolve().parent.parent
LABS = ROOT / "labs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A lab that is in the repository: its slug, its track, its folder and its value."""

    slug: str
    track: str
    folder: Path
    lab: Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A row of the catalogue; `level` goes from 1, first steps, to 4, expert."""

    slug: str
    track: str
    level: int
    title: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A row of the series: its title, the lab that answers it, and those that its topics touch."""

    series: str
    number: str
    title: str
    lab: str
    also: tuple[str, ...]


NO_LAB = ("FEATURE", "TOOL", "-")
"""What stands in an episode's lab column when the row names no lab."""


def slugs() -> list[str]:
    """Give the slugs of the labs in the repository, in the catalogue's order."""
    order = {row.slug: number for number, row in enumerate(planned())}
    found = [_slug(path.parent) for path in LABS.glob("*/*/lab.py")]
    return sorted(found, key=lambda slug: (order.get(slug, len(order)), slug))


def find(slug: str) -> Entry:
    """Load one lab and see that it makes sense.

    Raises:
        LabError: there is none of that name, it cannot be imported, or it is wrong.

    """
    folders = [path.parent for path in sorted(LABS.glob("*/*/lab.py"))]
    named = [folder for folder in folders if _slug(folder) == slug]
    if not named:
        close = nearest(slug, map(_slug, folders))
        raise LabError(f"no lab {slug!r}{close}; ./lab list shows them all")
    if len(named) > 1:
        where = " and ".join(str(folder.relative_to(ROOT)) for folder in named)
        raise LabError(f"{len(named)} labs are called {slug}: {where}; rename one")
    folder = named[0]
    lab = _import(folder)
    for problem in problems(lab):
        raise LabError(f"{_shown(folder)}: {problem}")
    return Entry(slug=slug, track=folder.parent.name, folder=folder, lab=lab)


@cache
def planned() -> tuple[Planned, ...]:
    """Give the catalogue of all labs, written or not."""
    return tuple(
        Planned(
            slug=row["slug"],
            track=row["track"],
            level=int(row["level"]),
            title=row["title"],
            question=row["question"],
        )
        for row in rows(LABS / "catalogue.tsv")
    )


@cache
def episodes() -> tuple[Episode, ...]:
    """Give the rows of the series that name an episode, with the lab of each."""
    return tuple(
        Episode(
            series=row["series"],
            number=row["number"],
            title=row["title"],
            lab=row["lab"],
            also=tuple(row["also"].split()),
        )
        for row in rows(LABS / "episodes.tsv")
        if row["lab"] not in NO_LAB
    )


def following(slug: str) -> Planned | None:
    """Give the next lab of the catalogue that is in the repository; none after the last.

    After a lab that is not in the catalogue comes its first.
    """
    rows = planned()
    here = next((number for number, row in enumerate(rows) if row.slug == slug), -1)
    written = set(slugs()) - {slug}
    return next((row for row in rows[here + 1 :] if row.slug in written), None)


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table of the project: tab-separated, its first line the names of the columns."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _slug(folder: Path) -> str:
    return folder.name.replace("_", "-")


def _shown(folder: Path) -> str:
    return f"{folder.relative_to(ROOT)}/lab.py"


def _import(folder: Path) -> Lab:
    name = f"labs.{folder.parent.name}.{folder.name}.lab"
    try:
        module = importlib.import_module(name)
    except SyntaxError as error:
        file = Path(error.filename or folder)
        where = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        raise LabError(f"{where}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        # A lab is somebody's code: whatever it raises is the lab's fault and not a bug of ours.
        raise LabError(f"{_shown(folder)}: {type(error).__name__}: {error}") from error
    lab = getattr(module, "LAB", None)
    if not isinstance(lab, Lab):
        raise LabError(f"{_shown(folder)}: defines no LAB = Lab(...)")
    return lab
