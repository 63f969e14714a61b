"""A sweep as a table: every run a line, and the name under which its files are kept."""

import csv
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO

from harness.sweep.grid import Swept

NAMED = 60
"""How much of what is swept a file's name says."""


def csv_of(swept: Swept) -> str:
    """Give every run: the axes, the seed, the value, why there is none, and whether it holds.

    Of a curve also what theory expects there, a column for each line.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [axis.name for axis in swept.grid.axes]
    theory = [f"theory: {line.name}" for line in swept.curves]
    holds = ["holds"] * bool(swept.holds)
    writer.writerow([*names, "seed", _column(swept), "missing", *holds, *theory])
    writer.writerows(_rows(swept))
    return out.getvalue()


def _rows(swept: Swept) -> Iterator[list[object]]:
    for place in swept.grid.places():
        for found in swept.cells[place].found:
            what = [found.run.seed, _number(found.value), found.missing]
            row: list[object] = [*swept.grid.values(place), *what]
            if swept.holds:
                row.append(int(swept.holds.holds(found.value)))
            yield [*row, *(_number(line.values[place[0]]) for line in swept.curves)]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.12g}"


def _column(swept: Swept) -> str:
    unit = swept.looked.unit
    return f"{swept.looked.name} [{unit}]" if unit else swept.looked.name


def file_name(swept: Swept) -> str:
    """Name a sweep's files: what is swept, and a digest of all of it."""
    grid = swept.grid
    words = "-".join([grid.variant, *(axis.name for axis in grid.axes)])
    digest = hashlib.sha256(json.dumps(asdict(grid)).encode()).hexdigest()[:8]
    return f"{words[:NAMED]}-{digest}"
