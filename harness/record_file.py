"""Machine-written records beside the labs: tables of which each row is of one lab."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from harness import catalogue
from harness.errors import LabError

R = TypeVar("R")
Cells = Mapping[str, str]


def read(path: Path, row: Callable[[Cells], R]) -> list[R]:
    """Read all rows; none where there is no file.

    Raises:
        LabError: it cannot be read.

    """
    if not path.exists():
        return []
    try:
        with path.open(newline="") as file:
            return [row(cells) for cells in csv.DictReader(file, delimiter="\t")]
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(
            f"labs/{path.name} cannot be read: ./lab evidence --add makes it anew"
        ) from error


def write(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    """Write rows, which have a `lab`, in the catalogue's order; those of a lab as they come."""
    order = {slug: number for number, slug in enumerate(catalogue.slugs())}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda one: order.get(one["lab"], len(order))))
