"""`./lab new`: writes a lab that passes `check` from the start, to be changed from there."""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness import catalogue
from harness.catalogue import LABS, ROOT, Planned
from harness.errors import LabError
from harness.model.names import nearest

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PIECE = 84
"""How many characters of a question fit into its line of a lab, as the formatter has it."""
TEMPLATES = Path(__file__).parent / "templates"


@click.command()
@click.argument("name")
@click.option("--track", required=True, help="The folder under labs/ that it goes into.")
def command(name: str, track: str) -> None:
    """Write a new lab: lab.py and the headings of its lesson."""
    tracks = sorted({row.track for row in catalogue.planned()})
    if not SLUG.fullmatch(name):
        raise LabError(
            f"invalid name {name!r} for a lab: use lower-case letters, digits and single dashes, "
            "and begin with a letter"
        )
    if track not in tracks:
        raise LabError(f"no track {track!r}{nearest(track, tracks)}; there are {', '.join(tracks)}")
    if name in catalogue.slugs():
        raise LabError(f"there is a lab {name} already; ./lab show {name}")
    row = next((row for row in catalogue.planned() if row.slug == name), None)
    if row and row.track != track:
        raise LabError(f"the catalogue has {name} in another track; use --track {row.track}")
    folder = LABS / track / name.replace("-", "_")
    if folder.exists():
        raise LabError(f"{folder.relative_to(ROOT)} is there already; remove it first")
    written = _write(folder, name, row)
    for path in written:
        click.echo(f"wrote {path.relative_to(ROOT)}")
    if not row:
        click.echo(
            f"{name} is not in the catalogue. Add one line to labs/catalogue.tsv "
            "(slug, track, level, title, question); CONTRIBUTING.md shows one."
        )
    click.echo(f"next: ./lab check {name}")


def _write(folder: Path, name: str, row: Planned | None) -> Sequence[Path]:
    values = {
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
    for package in (folder.parent / "__init__.py", folder / "__init__.py"):
        package.touch()
    paths = [folder / "lab.py", folder / "README.md"]
    for path in paths:
        template = environment.get_template(f"{path.name}.jinja")
        path.write_text(template.render(values) + "\n")
    return paths


def _python_string(text: str) -> str:
    """Write a string literal, in several pieces when it would be too long for a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    width = PIECE if len(escaped) <= PIECE else PIECE - 1
    pieces = textwrap.wrap(escaped, width, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join(f'"{piece}"' for piece in [*(f"{p} " for p in pieces[:-1]), pieces[-1]])
