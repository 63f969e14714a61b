"""A sweep's report: one HTML file that needs nothing else, and is read without a script."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.model.numbers import with_unit
from harness.report import sweep_sentences as sentences
from harness.report import sweep_text as text
from harness.report.sweep_drawing import drawn
from harness.report.text import UNKNOWN
from harness.sweep.cells import Found
from harness.sweep.grid import Cell, Place, Swept

Command = Callable[..., str]
"""Writes the command of some words, as a person types it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A cell in words: its anchor, its place, its values, and the commands that run it."""

    anchor: str
    at: tuple[str, ...]
    summary: str
    median: str
    holding: str
    spread: str
    values: str
    theory: tuple[str, ...]
    """What each line of theory expects of a curve here."""
    missing: str
    is_split: bool
    commands: tuple[tuple[str, str], ...]
    """Each with what it shows."""


def render(swept: Swept, command: Command, *, table: str, again: str) -> str:
    """Give the page; `table` is the file beside it with every run, `again` sweeps once more."""
    template = _environment().get_template("sweep.html")
    return template.render(
        swept=swept,
        grid=swept.grid,
        axes=swept.grid.axes,
        drawing=drawn(swept),
        anchor=anchor,
        told=[_told(swept, place, command) for place in swept.grid.places()],
        label=lambda place: _label(swept, place),
        measured=text.measured(swept),
        legend=_legend(swept),
        curves=swept.curves,
        sentences=list(sentences.of_map(swept)),
        table=table,
        again=again,
    )


def anchor(place: Place) -> str:
    """Name the part of the page that is about a cell."""
    return "-".join(("cell", *map(str, place)))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _label(swept: Swept, place: Place) -> str:
    cell = swept.cells[place]
    return f"{', '.join(swept.grid.assigned(place))}: {_summary(swept, cell)}"


def _summary(swept: Swept, cell: Cell) -> str:
    if cell.missing:
        return "no data"
    said = "" if swept.looked.is_verdict else _median(swept, cell)
    if not swept.holds:
        return said
    word = swept.said[0] if cell.is_good else swept.said[1]
    return "; ".join(filter(None, (said, word, f"{_count(cell)} hold")))


def _told(swept: Swept, place: Place, command: Command) -> Told:
    cell = swept.cells[place]
    low, high = (text.value_said(swept, value) for value in cell.spread)
    values = (
        f"{one.run.seed}: {UNKNOWN if one.missing else text.value_said(swept, one.value)}"
        for one in cell.found
    )
    return Told(
        anchor=anchor(place),
        at=tuple(map(text.short_value, swept.grid.values(place))),
        summary=_summary(swept, cell),
        median=UNKNOWN if cell.missing else text.said(swept, cell),
        holding=_count(cell),
        spread=UNKNOWN if cell.missing else low if low == high else f"{low} to {high}",
        values=", ".join(values),
        theory=tuple(text.expected_said(swept, line.values[place[0]]) for line in swept.curves),
        missing=cell.missing,
        is_split=not cell.agrees,
        commands=tuple(_commands(swept, cell, command)),
    )


def _median(swept: Swept, cell: Cell) -> str:
    """Give the median with its unit, as a reader sees it alone."""
    said = text.value_said(swept, cell.middle)
    return said if math.isinf(cell.middle) else with_unit(said, swept.looked.unit)


def _count(cell: Cell) -> str:
    return f"{cell.holding} of {len(cell.found)} seeds"


def _commands(swept: Swept, cell: Cell, command: Command) -> Iterator[tuple[str, str]]:
    """Give the command of a cell; where seeds disagree, of one of each kind."""
    kinds = {} if cell.agrees else {_kind(swept, one): one for one in reversed(cell.found)}
    for one in [*kinds.values()][::-1] or cell.found[:1]:
        run = one.run
        words = [word for setting in run.settings for word in ("--set", setting)]
        said = f"Seed {run.seed}"
        if kinds and swept.holds:
            said += f": {swept.said[not swept.holds.holds(one.value)]}"
        yield (
            said,
            command(
                *("run", run.slug, "--engine", "sim", "--variant", run.variant),
                *(*words, "--seed", str(run.seed)),
            ),
        )


def _kind(swept: Swept, found: Found) -> str:
    """Say in what seeds may differ: whether they hold, or have a value, or end at all."""
    if swept.holds:
        return str(swept.holds.holds(found.value))
    return found.missing or str(math.isinf(found.value))


def _legend(swept: Swept) -> list[tuple[str, str]]:
    """Explain the looks that are there: a class and words."""
    cells = swept.cells.values()
    found = []
    if swept.holds:
        found += [("good", swept.said[0]), ("bad", swept.said[1])]
    elif any(cell.middle == math.inf for cell in cells):
        found.append(("never", text.value_said(swept, math.inf)))
    if not all(cell.agrees for cell in cells):
        found.append(("split", "seeds disagree; the number is their median"))
    if any(cell.missing for cell in cells):
        found.append(("none", "no data"))
    if all(value is not None for value in swept.own):
        found.append(("own", "the lab as it is"))
    return found
