"""What labs have been held against, machine-written: seeds that passed, by lab and engine.

`labs/track_record.tsv` has a row for each lab and engine. What a row says holds for the lab as it
was: a digest of its definition, one of the code that it runs, its own and the services', and one of
what it does, simulated under seed 1. Code that has changed is looked at no further: if the lab does
to the byte what it did, it is the same experiment.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from harness import catalogue, record_file
from harness.catalogue import Entry
from harness.check_results import Checked
from harness.checks.verdict import Verdict
from harness.model.definition import definition
from harness.proof.bench import Bench

FILE = "track_record.tsv"
COLUMNS = ("lab", "engine", "passed", "failed", "day", "definition", "code", "runs")
OWN = ("services.", "labs.")
APART = ("maps.py", "reading.py")
"""Files beside a lab that no run and no claim of it depends on."""


class Now:
    """The digests of a lab as it is now, each made when it is first asked for."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    @cached_property
    def definition(self) -> str:
        """What decides a run or a verdict of it."""
        return definition(self._entry.lab)

    @cached_property
    def code(self) -> str:
        """What it runs."""
        return code(self._entry)

    @cached_property
    def runs(self) -> str:
        """What it does, which takes a simulation of each variant."""
        return runs(self._entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The seeds under which a lab passed and failed on one engine, the last day, three digests."""

    lab: str
    engine: str
    passed: frozenset[int]
    failed: frozenset[int]
    day: str
    definition: str
    code: str
    runs: str

    def since(self, now: Now) -> str:
        """Say what has changed since, in a few words; nothing where all is as it was."""
        if self.definition != now.definition:
            return "the lab has changed since"
        if now.code == self.code or now.runs == self.runs:
            return ""
        return "what it does has changed since"

    def seeds(self) -> str:
        """Say how many passed."""
        return f"{len(self.passed)} of {len(self.passed) + len(self.failed)}"


def path() -> Path:
    """Give the file's place."""
    return catalogue.home() / FILE


def load() -> list[Row]:
    """Read all rows; none where there is no file.

    Raises:
        LabError: it cannot be read.

    """
    return record_file.read(path(), _row)


def write(rows: Iterable[Row]) -> None:
    """Write all rows, in the catalogue's order, those of a lab by their engine."""
    in_order = sorted(rows, key=lambda one: one.engine)
    record_file.write(path(), COLUMNS, map(_cells, in_order))


def added(rows: Sequence[Row], engine: str, checked: Iterable[Checked]) -> list[Row]:
    """Add what a check of the labs as they are has found.

    What was found of the same lab stays; what was found of another one goes. A check that proved
    nothing is not counted.
    """
    there = {(row.lab, row.engine): row for row in rows}
    now_of = cache(lambda slug: Now(catalogue.find(slug)))
    for one in checked:
        if one.verdict is Verdict.INCONCLUSIVE:
            continue
        now = now_of(one.slug)
        old = there.get((one.slug, engine))
        if old and not old.since(now):
            new = replace(old, code=now.code)
        else:
            new = _empty(one.slug, engine, now)
        seed = frozenset((one.seed,))
        passed, failed = new.passed - seed, new.failed - seed
        is_good = one.verdict is Verdict.PASS
        there[one.slug, engine] = replace(
            new,
            passed=passed | seed if is_good else passed,
            failed=failed if is_good else failed | seed,
            day=max(new.day, one.began.date().isoformat()),
        )
    return list(there.values())


def code(entry: Entry) -> str:
    """Give 16 hex digits of the code that a lab runs: its own, its services', and what they use."""
    digest = hashlib.sha256()
    for source in sorted(sources(entry)):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def runs(entry: Entry) -> str:
    """Give 16 hex digits of what a lab's variants do, simulated under seed 1."""
    bench = Bench(entry)
    digests = [bench.simulated(variant).digest() for variant in entry.lab.variants]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def sources(entry: Entry) -> set[Path]:
    """Give the files of the code that a lab runs, its reading and its map left out."""
    found: set[Path] = set()
    apart = {entry.folder / name for name in APART}
    left = [place for service in entry.lab.services for place in _places(service.app)]
    left += entry.folder.glob("*.py")
    while left:
        source = left.pop()
        if source not in found and source not in apart:
            found.add(source)
            left += [place for name in _imports(source) for place in _places(name)]
    return found


def _imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _places(name: str) -> list[Path]:
    """Give the file of a module of the services or labs; none where the name is no such module."""
    if not name.startswith(OWN):
        return []
    package, _, rest = name.partition(".")
    root = catalogue.home() if package == "labs" else catalogue.ROOT / "services"
    place = root.joinpath(*rest.split("."))
    return [one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()]


def _empty(slug: str, engine: str, now: Now) -> Row:
    return Row(
        lab=slug,
        engine=engine,
        passed=frozenset(),
        failed=frozenset(),
        day="",
        definition=now.definition,
        code=now.code,
        runs=now.runs,
    )


def _cells(row: Row) -> dict[str, str]:
    return asdict(row) | {"passed": ranges(row.passed), "failed": ranges(row.failed)}


def _row(cells: Mapping[str, str]) -> Row:
    return Row(
        lab=cells["lab"],
        engine=cells["engine"],
        passed=numbers(cells["passed"]),
        failed=numbers(cells["failed"]),
        day=cells["day"],
        definition=cells["definition"],
        code=cells["code"],
        runs=cells["runs"],
    )


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers as `1-200` or `1-58,60`."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(f"{first}-{last}" if first < last else f"{first}" for first, last in found)


def numbers(text: str) -> frozenset[int]:
    """Read what `ranges` has written.

    Raises:
        ValueError: it has not.

    """
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)
