"""`./lab new`: writes a lab that passes `check` from the start, to be changed from there."""

import re
import sys
import textwrap
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness import catalogue, labs_folder
from harness.catalogue import Planned
from harness.cli import program
from harness.errors import LabError
from harness.model.names import nearest

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PIECE = 84
"""How many characters of a question fit into its line of a lab, as the formatter has it."""
TEMPLATES = Path(__file__).parent / "templates"


class LabKind(StrEnum):
    """What a lab begins from."""

    FAULT = "fault"
    SURGE = "surge"
    COMPARISON = "comparison"
    INCIDENT = "incident"


ABOUT = {
    LabKind.FAULT: "something breaks and is put right; one design falls, another holds",
    LabKind.SURGE: "more load comes than can be carried; one design falls, another holds",
    LabKind.COMPARISON: "nothing breaks; designs or settings are measured side by side",
    LabKind.INCIDENT: "something that has happened, as it was and with what was learned",
}
STORIES = {
    LabKind.FAULT: "one outage of this kind, with its source (incident:...) and its figures",
    LabKind.SURGE: "one day on which too many came, with its source (incident:...) and its figures",
    LabKind.COMPARISON: "who had to choose between these, with the source, and what they chose",
    LabKind.INCIDENT: "the time line as it was published, minute by minute, and what of it the lab "
    "shows (a table: what happened, what stands for it here)",
}
FIXES = {
    LabKind.FAULT: "what holds, with the code of the pattern, and why it is enough",
    LabKind.SURGE: "what holds, with the code of the pattern, and who is turned away",
    LabKind.COMPARISON: "which of them to take when, with the numbers of the run",
    LabKind.INCIDENT: "what was changed afterwards, as published, and what else would have done it",
}


@click.command()
@click.argument("name")
@click.option("--track", help="The folder that it goes into; with --labs it may be left out.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in LabKind]),
    help="What breaks it, or that it compares; asked on a terminal, else fault.",
)
def command(name: str, track: str | None, kind: str | None) -> None:
    """Write a new lab that passes, with a lesson to fill in."""
    if not SLUG.fullmatch(name):
        raise LabError(
            f"invalid name {name!r} for a lab: use lower-case letters, digits and single dashes, "
            "and begin with a letter"
        )
    above = _track(track)
    if name in catalogue.slugs():
        raise LabError(f"there is a lab {name} already; ./lab show {name}")
    row = next((row for row in catalogue.planned() if row.slug == name), None)
    if row and row.track != track:
        raise LabError(f"the catalogue has {name} in another track; use --track {row.track}")
    folder = above / name.replace("-", "_")
    if folder.exists():
        raise LabError(f"{catalogue.shown(folder)} is there already; remove it first")
    written = _write(folder, name, row, LabKind(kind or _asked()))
    for path in written:
        click.echo(f"wrote {catalogue.shown(path)}")
    if not row and not labs_folder.chosen():
        click.echo(
            f"{name} is not in the catalogue. Add one line to labs/catalogue.tsv "
            "(slug, track, level, title, question); CONTRIBUTING.md shows one."
        )
    click.echo(f"next: {program.command('check', name)}")


def _asked() -> str:
    """Ask what kind of lab it is to be, where somebody is there to answer."""
    if not sys.stdin.isatty():
        return LabKind.FAULT.value
    for one in LabKind:
        click.echo(f"  {one.value:<11} {ABOUT[one]}")
    kinds = click.Choice([one.value for one in LabKind])
    answer: str = click.prompt("kind", type=kinds, default=LabKind.FAULT.value)
    return answer


def _track(track: str | None) -> Path:
    """Give the folder that a lab is to stand in: one of the catalogue's, or any of another's."""
    if labs_folder.chosen():
        if track and (not SLUG.fullmatch(track) or track == "services"):
            raise LabError(f"{track!r} is no name for a track; use small letters, digits, dashes")
        return catalogue.home() / (track or "").replace("-", "_")
    tracks = sorted({row.track for row in catalogue.planned()})
    if track not in tracks:
        said = (
            f"no track {track!r}{nearest(track, tracks)}" if track else "Missing option '--track'"
        )
        raise LabError(f"{said}; there are {', '.join(tracks)}")
    return catalogue.home() / str(track)


def _write(folder: Path, name: str, row: Planned | None, kind: LabKind) -> Sequence[Path]:
    values = {
        "story": STORIES[kind],
        "fix": FIXES[kind],
        "slug": name,
        "title": row.title if row else name.replace("-", " ").capitalize(),
        "question": row.question if row else "What is the one question that running it answers?",
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Python and Markdown
    )
    environment.filters["pystring"] = _python_string
    folder.mkdir(parents=True)
    for package in {folder.parent, folder} - {catalogue.home()}:
        (package / "__init__.py").touch()
    paths = [folder / "lab.py", folder / "README.md"]
    for path, name_of in zip(paths, (f"lab_{kind.value}.py", "README.md"), strict=True):
        template = environment.get_template(f"{name_of}.jinja")
        path.write_text(template.render(values) + "\n")
    return paths


def _python_string(text: str) -> str:
    """Write a string literal, in several pieces when it would be too long for a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    width = PIECE if len(escaped) <= PIECE else PIECE - 1
    pieces = textwrap.wrap(escaped, width, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join(f'"{piece}"' for piece in [*(f"{p} " for p in pieces[:-1]), pieces[-1]])
