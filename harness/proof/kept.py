"""Which proofs are known to hold, machine-written: `labs/proofs.tsv` has a row for each lab.

A row holds for a lab as it was, for what its lesson says of its experiments, and for the code that
proved it: of all that there is a digest.
"""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness import catalogue, track_record
from harness.catalogue import Entry
from harness.errors import LabError
from harness.lessons.experiments import part
from harness.model.definition import definition

FILE = "proofs.tsv"
COLUMNS = ("lab", "day", "digest")
HARNESS = Path(__file__).parents[1]
JUDGING = ("checks", "measures", "proof")
"""Folders of the harness whose code decides whether a proof holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The last day on which a lab's proof held, and of what."""

    lab: str
    day: str
    digest: str


def digest(entry: Entry) -> str:
    """Give 16 hex digits of all that a proof depends on, the simulator left out."""
    running = hashlib.sha256(definition(entry.lab).encode())
    running.update(track_record.code(entry).encode())
    running.update(part(entry).encode())
    for folder in JUDGING:
        for source in sorted((HARNESS / folder).rglob("*.py")):
            running.update(source.name.encode() + b"\0" + source.read_bytes())
    return running.hexdigest()[:16]


def path() -> Path:
    """Give the file's place."""
    return catalogue.home() / FILE


def load() -> dict[str, Row]:
    """Read all rows, by their labs; none where there is no file.

    Raises:
        LabError: it cannot be read.

    """
    if not path().exists():
        return {}
    try:
        with path().open(newline="") as file:
            rows = [Row(**cells) for cells in csv.DictReader(file, delimiter="\t")]
    except (ValueError, TypeError) as error:
        raise LabError(f"labs/{FILE} cannot be read: ./lab prove --keep makes it anew") from error
    return {row.lab: row for row in rows}


def add(proven: Iterable[str], day: str) -> None:
    """Write down that labs' proofs hold, as the labs are; the others' rows stay."""
    rows = load()
    for slug in proven:
        rows[slug] = Row(lab=slug, day=day, digest=digest(catalogue.find(slug)))
    with path().open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for slug in filter(rows.__contains__, catalogue.slugs()):
            writer.writerow([slug, rows[slug].day, rows[slug].digest])
