"""A check as Markdown, for a pull request or a CI job's summary: what is surprising first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import whole_files
from harness.check_results import Checked
from harness.checks.verdict import Control, Verdict, failures
from harness.report.text import SIGNS, seen, wanted

ROWS = 20
"""Rows of the table, at most: a comment is read, a long one is not."""
SEEDS = 5
REPLAYS = 5
WIDTH = 200
"""Characters of one cell, at most."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One claim of one lab that did not hold, and the seeds under which it did not."""

    verdict: Verdict
    slug: str
    claim: str
    found: str
    wanted: str
    seeds: list[int]


def lines(
    checked: Sequence[Checked], replay: Callable[[Checked], str], *, total: int, about: str = ""
) -> Iterator[str]:
    """Give the lines; `total` is how many labs and seeds there were to be checked.

    `about` is a word on which part of a check this is.
    """
    rows = _rows(checked)
    yield f"### {_headline(checked, total)}{about}"
    yield ""
    yield "| | lab | what did not hold | found | wanted | seeds |"
    yield "|---|---|---|---|---|---|"
    for row in rows[:ROWS]:
        sign = f"{SIGNS[row.verdict]} {row.verdict}"
        cells = (sign, row.slug, row.claim, row.found, row.wanted, _seeds(row.seeds))
        yield f"| {' | '.join(map(_cell, cells))} |"
    if len(rows) > ROWS:
        yield f"| | | and {len(rows) - ROWS} more | | | |"
    yield from _passed(checked)
    yield from _repeat(checked, replay)


def write(told: Iterator[str], path: Path) -> None:
    """Write the lines.

    Raises:
        EnvironmentNotReadyError: the file cannot be written.

    """
    whole_files.put(("\n".join(told) + "\n").encode(), path)


def _headline(checked: Sequence[Checked], total: int) -> str:
    counts = Counter(one.verdict for one in checked)
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    worst = next((verdict for verdict in order if counts[verdict]), Verdict.INCONCLUSIVE)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    broke_off = f"; broke off, {total - len(checked)} not checked" if len(checked) < total else ""
    return f"{SIGNS[worst]} Chaoslab {worst}: {told or 'nothing was checked'}{broke_off}"


def _rows(checked: Sequence[Checked]) -> list[_Row]:
    """Put one row for each claim, failures first, then what proves nothing."""
    rows: dict[tuple[object, ...], _Row] = {}
    for one in checked:
        for row in _rows_of(one):
            key = (row.verdict, row.slug, row.claim, row.wanted, one.error)
            rows.setdefault(key, row).seeds.append(one.seed)
    return sorted(rows.values(), key=lambda row: (row.verdict is not Verdict.FAIL, -len(row.seeds)))


def _rows_of(one: Checked) -> Iterator[_Row]:
    if one.error:
        yield _Row(Verdict.INCONCLUSIVE, one.slug, f"can be checked: {one.error}", "", "", [])
    for control in () if one.error else failures(one.controls):
        yield _row(one, control)


def _row(one: Checked, control: Control) -> _Row:
    found = control.missing or seen(control)
    claim = f"{control.variant}, {control.kind}: {control.claim} ({control.measure})"
    bound = wanted(control.bound, control.unit)
    return _Row(control.verdict, one.slug, claim, found, bound, [])


def _passed(checked: Sequence[Checked]) -> Iterator[str]:
    """Fold all that passed into one row."""
    seeds = Counter(one.slug for one in checked)
    passed = Counter(one.slug for one in checked if one.verdict is Verdict.PASS)
    whole = [slug for slug in seeds if passed[slug] == seeds[slug]]
    if whole:
        number = max(seeds[slug] for slug in whole)
        told = f"{number} seeds each" if number > 1 else ""
        yield f"| {SIGNS[Verdict.PASS]} PASS | {_cell(', '.join(whole))} | | | | {told} |"


def _repeat(checked: Sequence[Checked], replay: Callable[[Checked], str]) -> Iterator[str]:
    """Say how to see it again: a command for each lab, under the first seed that showed it."""
    first: dict[str, Checked] = {}
    for one in sorted(checked, key=lambda one: one.verdict is not Verdict.FAIL):
        if one.verdict is not Verdict.PASS and not one.error:
            first.setdefault(one.slug, one)
    if first:
        yield ""
        yield "To see it again:"
        yield ""
        yield from (f"    {replay(one)}" for one in list(first.values())[:REPLAYS])


def _seeds(seeds: Sequence[int]) -> str:
    shown = ", ".join(map(str, seeds[:SEEDS]))
    return f"{len(seeds)}: {shown}, …" if len(seeds) > SEEDS else shown


def _cell(text: str) -> str:
    """Write text that Markdown leaves as it is, in one line."""
    line = " ".join(text.split())
    short = line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
    for sign in ("\\", "|", "`", "*", "_", "[", "<"):
        short = short.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return short
