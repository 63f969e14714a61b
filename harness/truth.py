"""What the labs claim to know: the closed forms that they predict from, and what has happened.

Two tables travel with the project. `labs/theory.tsv` has a row for each law or published figure,
with the functions of `harness.theory` that compute it; `labs/incidents.tsv` one for each real
outage, or design that came from one. A prediction's source `theory:<slug>` or `incident:<slug>`
names a row, and so does a lesson's marker (`uncited`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from harness.catalogue import LABS, rows
from harness.model.names import nearest

STORIES = "What happened to real people"
"""The section of a lesson in which every fact must have a source."""

COUNTED = "counted"
"""The source of a figure that takes no theory: so many hosts times so many errors."""

TABLES = {"theory": "theory.tsv", "incident": "incidents.tsv"}

MARKER = re.compile(r"\b(theory|incident):([a-z0-9][a-z0-9-]*)")
LINK = re.compile(r"\]\(https?://[^)\s]+\)|<https?://[^>\s]+>")
YEAR = re.compile(r"(?<![\w./:-])(?:19[5-9]\d|20\d\d)(?![\w/]|[.:-]\d)")
ITEM = re.compile(r"(?:[-*+]|\d+\.)\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A law or a figure; a `reason` says why no function computes it.

    `verified` says where its figures come from: published (read in the source), derived,
    computed, simulated, measured, or memory (the source was not read again).
    """

    slug: str
    topic: str
    formula: str
    source: str
    verified: tuple[str, ...]
    functions: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An outage, or a design that answers one; dates are the source's own, with its time zone.

    `checked` tells what the row was held against: the official text, a digest of it, the press, or
    memory alone; a `caveat` names what of it is less sure.
    """

    slug: str
    name: str
    date: str
    impact: str
    trigger: str
    mechanism: str
    recovery: str
    source: str
    checked: str
    caveat: str


@cache
def formulas() -> dict[str, Formula]:
    """Read the table of laws and figures, by slug."""
    return {
        row["slug"]: Formula(
            slug=row["slug"],
            topic=row["topic"],
            formula=row["formula"],
            source=row["source"],
            verified=tuple(row["verified"].split(", ")),
            functions=tuple(row["functions"].split()),
            reason=row["reason"],
        )
        for row in rows(LABS / TABLES["theory"])
    }


@cache
def incidents() -> dict[str, Incident]:
    """Read the table of incidents, by slug."""
    return {row["slug"]: Incident(**row) for row in rows(LABS / TABLES["incident"])}


def unknown(source: str) -> str | None:
    """Say in one line what is wrong with a prediction's source; None when nothing is.

    `counted` stands for what follows from the lab's own numbers by counting.
    """
    kind, _, slug = source.partition(":")
    if source == COUNTED:
        return None
    if kind not in TABLES:
        return f"{source!r} is no source; write theory:<slug>, incident:<slug> or {COUNTED}"
    slugs = set(formulas() if kind == "theory" else incidents())
    if slug in slugs:
        return None
    return f"{source!r} names no row of labs/{TABLES[kind]}{nearest(slug, sorted(slugs))}"


def uncited(lesson: str) -> list[str]:
    """List what a lesson tells of real people without a source, one line for each.

    Every list item of the section `STORIES`, and every other paragraph of it with a year, must
    hold a marker `incident:<slug>` (or `theory:<slug>`) that names a row, or a link. Years that
    stand in none of the rows that it names need a link.
    """
    return [
        f"{block.split(chr(10), 1)[0][:60].strip()!r}: {problem}"
        for block in _blocks(_section(lesson))
        for problem in _problems(block)
    ]


def _problems(block: str) -> Iterator[str]:
    markers = [match.group() for match in MARKER.finditer(block)]
    wrong = [problem for marker in markers if (problem := unknown(marker))]
    yield from wrong
    if wrong or LINK.search(block):
        return
    years = set(YEAR.findall(block))
    if not markers:
        if years or ITEM.match(block):
            yield "names no source; add `incident:<slug>` or a link"
        return
    known = " ".join(map(_text, markers))
    for year in sorted(years):
        if year not in known:
            yield f"{year} is in no row that it names; add a link, or fix the year"


def _text(marker: str) -> str:
    kind, _, slug = marker.partition(":")
    row = formulas()[slug] if kind == "theory" else incidents()[slug]
    return " ".join(str(getattr(row, name)) for name in row.__slots__)


def _section(lesson: str) -> str:
    """Take what stands under the heading, up to the next heading of its rank or a higher one."""
    lines: list[str] = []
    rank = 0
    for line in lesson.splitlines():
        heading = re.match(r"(#+)\s+(.*?)\s*$", line)
        if heading and rank and len(heading[1]) <= rank:
            break
        if rank:
            lines.append(line)
        elif heading and heading[2] == STORIES:
            rank = len(heading[1])
    return "\n".join(lines)


def _blocks(section: str) -> Iterator[str]:
    """Split into list items and paragraphs; what is indented below an item is part of it."""
    block: list[str] = []
    for line in section.splitlines():
        ends = ITEM.match(line) or (not line.strip() and not block)
        goes_on = line.startswith((" ", "\t")) or not line.strip()
        after_gap = bool(block) and not block[-1].strip() and not goes_on
        if (ends or after_gap) and block:
            yield "\n".join(block).strip()
            block = []
        if line.strip() or block:
            block.append(line)
    if any(line.strip() for line in block):
        yield "\n".join(block).strip()
