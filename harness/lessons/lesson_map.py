"""The maps of a lab in its lesson: what `./lab sweep NAME` has found, in small files beside it.

A file holds the values alone. What they are of, and what theory says of them, is in `maps.py`; a
file of another grid, measure or number of seeds is none.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.catalogue import Entry
from harness.errors import LabError
from harness.report import sweep_sentences, sweep_text
from harness.rows import number, plain
from harness.sweep import kept
from harness.sweep.asking import Asked, Wanted, grid_of, swept
from harness.sweep.cells import Found, Run
from harness.sweep.grid import Cell, Grid, Swept
from harness.sweep.measures import Looked

FILE = "map.json"
NAMED = "map-{}.json"
NO_DATA = "no data"
DIGITS = 9


def path_of(entry: Entry, name: str = "") -> Path:
    """Give the file beside a lesson that holds a map's values."""
    return entry.folder / (NAMED.format(name) if name else FILE)


def command(entry: Entry, name: str = "") -> str:
    """Give the command that sweeps a map."""
    return f"./lab sweep {entry.slug}" + (f" --map {name}" if name else "")


def swept_now(entry: Entry, name: str = "") -> Swept | None:
    """Give what the sweeps of this tree have found; None where a run of the map is missing."""
    asked, grid = grid_of(Wanted(slug=entry.slug, map_name=name), entry)
    keys, known = kept.Keys(entry), kept.known(entry.slug)
    found = {run: known.get(keys.key(run)) for place in grid.places() for run in grid.runs(place)}
    if None in found.values():
        return None
    return _of(asked, grid, {run: one[0] for run, one in found.items() if one})


def load(entry: Entry, name: str = "") -> Swept:
    """Read a lesson's map.

    Raises:
        LabError: there is none, or it is of another grid than the lab declares.

    """
    asked, grid = grid_of(Wanted(slug=entry.slug, map_name=name), entry)
    try:
        document = json.loads(path_of(entry, name).read_text(encoding="utf-8"))
        cells = {place: document["cells"][_name(grid.values(place))] for place in grid.places()}
        values = {
            run: float(number(value))
            for place, cell in cells.items()
            for run, value in zip(grid.runs(place), cell, strict=True)
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise LabError(_none(entry, name)) from error
    if document["of"] != _described(asked.looked, grid) or len(document["cells"]) != len(cells):
        raise LabError(_none(entry, name))
    return _of(asked, grid, values)


def _none(entry: Entry, name: str) -> str:
    return (
        f"{entry.slug}'s lesson has no map of what maps.py declares: {command(entry, name)}, and "
        f"then ./lab lesson {entry.slug}"
    )


def written(found: Swept) -> str:
    """Write a map's values as JSON, a cell a line."""
    cells = (
        f"{json.dumps(_name(found.grid.values(place)))}: "
        f"{json.dumps([plain(_rounded(one)) for one in found.cells[place].found])}"
        for place in found.grid.places()
    )
    of = json.dumps(_described(found.looked, found.grid))
    return f'{{"of": {of}, "cells": {{\n' + ",\n".join(cells) + "\n}}\n"


def lines(found: Swept) -> Iterator[str]:
    """Draw a map as a terminal does, with a sentence on theory."""
    for line in sweep_text.lines(found):
        yield line.plain.rstrip()
    yield from sweep_sentences.of_map(found)


def _described(looked: Looked, grid: Grid) -> dict[str, Any]:
    return {
        "variant": grid.variant,
        "measure": looked.name,
        "vary": [axis.said for axis in grid.axes],
        **({"set": list(grid.settings)} if grid.settings else {}),
        "seeds": list(grid.seeds),
    }


def _of(asked: Asked, grid: Grid, values: Mapping[Run, float]) -> Swept:
    cells = {
        place: Cell(
            place=place,
            found=tuple(_found(run, values[run]) for run in grid.runs(place)),
            holds=asked.holds,
        )
        for place in grid.places()
    }
    return swept(asked, grid, cells)


def _found(run: Run, value: float) -> Found:
    return Found(run=run, value=value, missing=NO_DATA if math.isnan(value) else "")


def _rounded(found: Found) -> float:
    return float(f"{found.value:.{DIGITS}g}")


def _name(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values))
