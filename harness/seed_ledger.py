"""Seeds under which something failed once: they are run before any others, for good.

`labs/seed_ledger.tsv` has a row for each lab and seed, or plan of the swarm, with what failed, and
a digest of what failed: of a lab's definition, or of the plan that the seed drew. `became` is
`open`, or says what has become of it since. A seed whose plan is another one today proves nothing,
and a lab that is gone cannot be run: such lines are said to be stale.
"""

import csv
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from harness import catalogue
from harness.check_results import Checked, Job
from harness.checks.verdict import Verdict, failures
from harness.errors import LabError
from harness.model.definition import definition
from harness.swarm.draw import drawn
from harness.swarm.trial import Failure

FILE = "seed_ledger.tsv"
SWARM, OPEN, UNKNOWN = "swarm", "open", "-"
DIGEST = re.compile(r"[0-9a-f]{16}|-")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
WORDS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A seed that failed: of which lab, or `swarm`; what failed, of what, on which day."""

    lab: str
    seed: int
    kind: str
    claim: str
    digest: str
    day: str
    became: str

    @property
    def job(self) -> Job:
        """The lab and the seed."""
        return self.lab, self.seed

    @property
    def is_open(self) -> bool:
        """Whether nothing is known to have become of it."""
        return self.became == OPEN


COLUMNS = tuple(field.name for field in fields(Row))


def path() -> Path:
    """Give the file's place."""
    return catalogue.home() / FILE


def load() -> list[Row]:
    """Read all rows; none where there is no file.

    Raises:
        LabError: a line of it cannot be read.

    """
    if not path().exists():
        return []
    with path().open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_row(number, cells) for number, cells in enumerate(lines, start=2)]


def write(rows: Iterable[Row]) -> None:
    """Write all rows, those of the swarm last."""
    order = {slug: number for number, slug in enumerate(catalogue.slugs())}
    rows = sorted(rows, key=lambda one: (order.get(one.lab, len(order)), one.lab, one.seed))
    lines = ["\t".join(map(str, cells)) for cells in (COLUMNS, *map(astuple, rows))]
    path().write_text("\n".join(lines) + "\n", encoding="utf-8")


def stale(rows: Sequence[Row], slugs: Collection[str]) -> Iterator[tuple[Row, str]]:
    """Give the rows that can no longer be run as they were found, each with what to do."""
    for row in rows:
        where = f"labs/{FILE}: {row.lab}, seed {row.seed}"
        if row.lab == SWARM and row.digest != plan(row.seed):
            yield (
                row,
                f"{where} draws another plan today; keep the old one as a test, then remove it",
            )
        elif row.lab != SWARM and row.lab not in slugs:
            yield row, f"{where}: there is no such lab any more; remove the line"


def plan(seed: int) -> str:
    """Give 16 hex digits of the plan that the swarm draws from a seed."""
    return hashlib.sha256(repr(drawn(seed)).encode()).hexdigest()[:16]


def added(rows: Iterable[Row], checked: Iterable[Checked], day: str) -> list[Row]:
    """Add the seeds that fail; of an open one that passes, write down since when.

    A seed that fails again is open again, and its row is of the lab as it is now.
    """
    there = {row.job: row for row in rows}
    for one in checked:
        if is_failing(one):
            first = failures(one.controls)[0]
            digest = definition(catalogue.find(one.slug).lab)
            there[one.job] = _found(one.job, first.kind, first.claim, digest, day)
        elif one.verdict is Verdict.PASS and one.job in there and there[one.job].is_open:
            there[one.job] = replace(there[one.job], became=f"passes since {day}")
    return list(there.values())


def is_failing(one: Checked) -> bool:
    """Whether a control fails, or a simulated lab has no healthy start."""
    return one.verdict is Verdict.FAIL or one.proves_nothing


def with_plan(rows: Iterable[Row], seed: int, found: Failure | None, day: str) -> list[Row]:
    """Add a plan of the swarm that fails; of an open one that holds, write down since when."""
    there = {row.job: row for row in rows}
    job = SWARM, seed
    if found:
        there[job] = _found(job, found.kind, found.text, plan(seed), day)
    elif job in there and there[job].is_open:
        there[job] = replace(there[job], became=f"holds since {day}")
    return list(there.values())


def _found(job: Job, kind: str, claim: str, digest: str, day: str) -> Row:
    lab, seed = job
    said = WORDS.sub(" ", claim).strip()
    return Row(lab=lab, seed=seed, kind=kind, claim=said, digest=digest, day=day, became=OPEN)


def _row(number: int, cells: dict[str, str]) -> Row:
    """Read a line, or say what is wrong with it."""
    try:
        row = Row(**{**cells, "seed": int(cells["seed"])})  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(
            f"labs/{FILE}, line {number}: write {', '.join(COLUMNS)}, with tabs between them"
        ) from error
    is_whole = all(isinstance(cell, str) and cell for cell in cells.values())
    if not (is_whole and row.seed >= 0 and DIGEST.fullmatch(row.digest) and DAY.fullmatch(row.day)):
        raise LabError(
            f"labs/{FILE}, line {number}: give every column a value; the digest has 16 hex digits, "
            f"or is {UNKNOWN} where it is not known, and the day is like 2026-11-29"
        )
    return row
