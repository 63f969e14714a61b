"""What a lesson's figures come from: a small file beside it, made from runs and kept with it."""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.catalogue import Entry
from harness.errors import LabError
from harness.model.definition import definition
from harness.model.expect import Measure
from harness.recording import FaultRecord, Recording
from harness.report.panels import Pictured, pictured
from harness.report.seconds import told
from harness.report.waterfall import as_text, tree
from harness.rows import number, plain

FILE = "evidence.json"
LESSON = "README.md"
SEED = 1
"""The seed of every lesson's figures."""
ENGINES = ("sim", "compose")
WIDE = 80
"""How wide the waterfalls of lessons are, in characters: as on a terminal."""

Told = Callable[[Recording], Sequence[str]]
"""Says something of a recording, line by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one variant on one engine.

    `values` holds each measure's value by the measure's name, `line` and `pictured` one value for
    each second, and `texts` the lines of each text that the lesson shows, by its name.
    """

    values: Mapping[str, float]
    line: tuple[float, ...]
    pictured: Pictured
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One engine's part: the day of its runs, the digest of the lab that ran, its variants."""

    day: str
    definition: str
    seen: Mapping[str, Seen]


Evidence = dict[str, Half]
"""What was seen on each engine, by the engine's name."""


def gathered(
    entry: Entry, day: str, recordings: Sequence[Recording], texts: Sequence[tuple[str, str]]
) -> Half:
    """Measure an engine's recordings of all variants; `texts` are pairs of a variant and a name.

    Raises:
        LabError: the lesson shows a text that nobody can write.

    """
    shown = list(measures(entry))
    return Half(
        day=day,
        definition=definition(entry.lab),
        seen={
            one.variant: Seen(
                values={item.name: _rounded(item.of(one)) for item in shown},
                line=tuple(map(_rounded, told(entry.lab, one))),
                pictured=_pictured(entry, one),
                texts={
                    name: tuple(_teller(entry, name)(one))
                    for variant, name in texts
                    if variant == one.variant
                },
            )
            for one in recordings
        },
    )


def load(entry: Entry) -> Evidence:
    """Read what is kept beside a lesson; nothing where there is no such file.

    Raises:
        LabError: it cannot be read.

    """
    path = entry.folder / FILE
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text())
        return {engine: _half(engine, cells) for engine, cells in document.items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        again = f"remove it, then ./lab run {entry.slug} and ./lab lesson {entry.slug}"
        raise LabError(f"{path.name} of {entry.slug} cannot be read: {again}") from error


def written(evidence: Evidence) -> str:
    """Write it as JSON: a line for each list, so that a diff shows which variant has changed."""
    document = {engine: _cells(half) for engine, half in evidence.items()}
    return "\n".join(_lines(document, 0)) + "\n"


def measures(entry: Entry) -> Iterator[Measure]:
    """Give all that can be shown: what claims and predictions measure, and the lesson's own."""
    every = [item.measure for item in entry.lab.expect]
    every += [item.measure for item in entry.lab.predict]
    every += [end.measure for end in entry.lab.reading.line.ends] if entry.lab.reading.line else []
    every += getattr(_own(entry), "FIGURES", ())
    yield from {item.name: item for item in every}.values()


def _teller(entry: Entry, name: str) -> Told:
    """Find who writes a text: a request's waterfall, a run's notes, or one of the lab's own."""
    kind, _, rest = name.partition(" ")
    if kind == "request" and rest.isdigit():
        return lambda recording: _waterfall(recording, int(rest))
    if name == "notes":
        return lambda recording: recording.notes
    own: Mapping[str, Told] = getattr(_own(entry), "TEXTS", {})
    if name not in own:
        there = ", ".join(["request NUMBER", "notes", *own])
        raise LabError(f"{entry.slug}'s lesson shows a text {name!r}; there are: {there}")
    return own[name]


def _waterfall(recording: Recording, request: int) -> list[str]:
    try:
        return as_text(tree(recording, request), WIDE).splitlines()
    except LookupError as error:
        raise LabError(
            f"{recording.lab}'s lesson shows a request that is not there: {error}"
        ) from error


def _own(entry: Entry) -> object:
    """Give the lab's module of figures that only its lesson shows, if it has one."""
    if not (entry.folder / "figures.py").exists():
        return None
    return importlib.import_module(f"labs.{entry.folder.parent.name}.{entry.folder.name}.figures")


def _cells(half: Half) -> dict[str, Any]:
    return {
        "day": half.day,
        "definition": half.definition,
        "seen": {
            variant: {
                "values": {name: _short(value) for name, value in seen.values.items()},
                "line": [_short(value) for value in seen.line],
                "faults": [
                    [fault.name, fault.target, fault.start_s, fault.end_s]
                    for fault in seen.pictured.faults
                ],
                "curves": {
                    name: [_short(value) for value in values]
                    for name, values in seen.pictured.curves.items()
                },
                "texts": {name: list(lines) for name, lines in seen.texts.items()},
            }
            for variant, seen in half.seen.items()
        },
    }


def _half(engine: str, cells: Mapping[str, Any]) -> Half:
    return Half(
        day=cells["day"],
        definition=cells["definition"],
        seen={variant: _seen(engine, variant, one) for variant, one in cells["seen"].items()},
    )


def _seen(engine: str, variant: str, cells: Mapping[str, Any]) -> Seen:
    return Seen(
        values={name: _float(value) for name, value in cells["values"].items()},
        line=tuple(map(_float, cells["line"])),
        pictured=Pictured(
            engine=engine,
            variant=variant,
            faults=tuple(
                FaultRecord(name=name, target=target, start_s=start_s, end_s=end_s)
                for name, target, start_s, end_s in cells["faults"]
            ),
            curves={name: tuple(map(_float, values)) for name, values in cells["curves"].items()},
        ),
        texts={name: tuple(lines) for name, lines in cells["texts"].items()},
    )


def _pictured(entry: Entry, recording: Recording) -> Pictured:
    """Give what the picture shows, with faults as planned and not as they happened to be timed."""
    shown = pictured(entry.lab, recording)
    return replace(
        shown,
        faults=tuple(
            FaultRecord(name=one.name, target=one.target, start_s=one.start_s, end_s=one.end_s)
            for one in shown.faults
        ),
        curves={name: tuple(map(_rounded, values)) for name, values in shown.curves.items()},
    )


def _rounded(value: float) -> float:
    """Keep nine digits: more than any lesson shows, and the same on every machine."""
    return float(f"{value:.9g}")


def _float(cell: float | str | None) -> float:
    return float(number(cell))


def _short(value: float) -> object:
    """Write whole numbers as such."""
    return int(value) if value.is_integer() else plain(value)


def _lines(value: object, depth: int, head: str = "", tail: str = "") -> Iterator[str]:
    """Write JSON with a line for each object's member, and each list in one line."""
    indent = " " * depth
    if not isinstance(value, dict) or not value:
        yield f"{indent}{head}{json.dumps(value, ensure_ascii=False)}{tail}"
        return
    yield f"{indent}{head}{{"
    for place, (name, one) in enumerate(value.items(), start=1):
        comma = "," if place < len(value) else ""
        yield from _lines(one, depth + 1, f"{json.dumps(name, ensure_ascii=False)}: ", comma)
    yield f"{indent}}}{tail}"
