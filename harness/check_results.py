"""What a check has found, one lab and seed a line, written as it comes: a check can be resumed.

The first line says what the results are of: engine, `--permute`, Python, and a digest of the code
of the harness, the services and the labs. Results of anything else are refused. A process that is
killed leaves half a line at most, which is dropped.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import IO, Any

from harness import catalogue, control_json, junit
from harness.checks.verdict import Control, Verdict, verdict_of
from harness.errors import EnvironmentNotReadyError
from harness.result_lines import append, claimed, whole

FORMAT = 1
Job = tuple[str, int]
"""A lab's slug and a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One lab under one seed: its controls, when it began, its seconds, or why it could not be."""

    slug: str
    seed: int
    controls: tuple[Control, ...] = ()
    began: datetime
    took_s: float
    error: str = ""
    again: bool = False
    """Whether this is a second run, for the first proved nothing."""

    @property
    def job(self) -> Job:
        """What was to be checked."""
        return self.slug, self.seed

    @property
    def verdict(self) -> Verdict:
        """Judge all controls together; those of a check that broke off prove nothing."""
        return Verdict.INCONCLUSIVE if self.error else verdict_of(self.controls)

    @property
    def proves_nothing(self) -> bool:
        """Whether it was late, or had no healthy start, as where the machine is too busy."""
        return not self.error and self.verdict is Verdict.INCONCLUSIVE


class Results:
    """A file of results that is open for more; any thread may add one."""

    def __init__(self, file: IO[str] | None, kept: Sequence[Checked] = ()) -> None:
        self.kept = tuple(kept)
        """What the file held already."""
        self._file = file
        self._lock = Lock()
        self.failed = ""
        """Why results are no longer written, in one line."""

    def add(self, one: Checked) -> None:
        """Write a result; it is in the file when this returns, unless the disk is full."""
        if self._file is None:
            return
        with self._lock:
            try:
                append(self._file, _line(one))
            except OSError as error:
                self.failed = _refused(Path(self._file.name), error)
                self._file = None


@contextmanager
def opened(path: Path, what: dict[str, Any], *, resume: bool, needed: bool) -> Iterator[Results]:
    """Open a file of results: anew, or with what it holds that was found of the same tree.

    Where the file is not `needed` and cannot be written, or another check writes it, results are
    not kept, and a line says so.

    Raises:
        EnvironmentNotReadyError: it cannot be written, or holds results of something else.

    """
    try:
        if not needed:
            path.parent.mkdir(exist_ok=True)
        file = claimed(path)
    except OSError as error:
        said = _refused(path, error)
        if needed or resume:
            raise EnvironmentNotReadyError(said) from error
        sys.stderr.write(f"chaoslab: {said}; this check cannot be resumed\n")
        yield Results(None)
        return
    with file:
        kept = _read(file, path, what) if resume else []
        if not kept:
            file.truncate(0)
            append(file, json.dumps(what) + "\n")
        yield Results(file, kept)


def of_tree(engine: str, *, permute: bool) -> dict[str, Any]:
    """Say what results are of, so that they are not taken for those of something else."""
    return {
        "chaoslab results": FORMAT,
        "engine": engine,
        "permute": permute,
        "python": platform.python_version(),
        "harness and services": _digest(catalogue.ROOT / "harness", catalogue.ROOT / "services"),
        "labs": _digest(catalogue.home()),
    }


def _digest(*folders: Path) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def read(path: Path) -> list[Checked]:
    """Read all results of a file, of whatever tree.

    Raises:
        EnvironmentNotReadyError: there is none, or it cannot be read.

    """
    try:
        with path.open(encoding="utf-8") as file:
            file.readline()
            return [one for one, _ in _lines(file, path)]
    except OSError as error:
        raise EnvironmentNotReadyError(_refused(path, error)) from error


def _read(file: IO[str], path: Path, what: dict[str, Any]) -> list[Checked]:
    """Read what a file holds, and cut off the half line that a killed check has left."""
    file.seek(0)
    head = file.readline()
    if not head.endswith("\n"):
        return []
    _refuse_others(head, path, what)
    end = file.tell()
    kept = {}
    for one, end in _lines(file, path):  # noqa: B007 - the last one is needed
        kept[one.job] = one
    file.truncate(end)
    return list(kept.values())


def _refuse_others(head: str, path: Path, what: dict[str, Any]) -> None:
    try:
        found: dict[str, Any] = dict(json.loads(head))
    except (ValueError, TypeError):
        found = {}
    other = differing(found, what)
    if other:
        raise EnvironmentNotReadyError(
            f"{catalogue.shown(path)}: its results are of another tree ({', '.join(other)} differ);"
            " leave --resume out to begin anew"
        )


def differing(found: Mapping[str, Any], what: Mapping[str, Any]) -> list[str]:
    """Name in what the first line of a file differs from that of this tree."""
    return [name for name in what if found.get(name) != what[name]]


def _lines(file: IO[str], path: Path) -> Iterator[tuple[Checked, int]]:
    """Give each result, and where in the file it ends; a last line without its end is none."""
    for line, end in whole(file):
        try:
            one = _checked(json.loads(line))
        except (ValueError, LookupError, TypeError) as error:
            raise EnvironmentNotReadyError(
                f"{catalogue.shown(path)}: a line of it cannot be read; leave --resume out to begin"
                " anew"
            ) from error
        yield one, end


def _line(one: Checked) -> str:
    cells = {
        "slug": one.slug,
        "seed": one.seed,
        "verdict": one.verdict,
        "began": one.began.isoformat(),
        "took_s": round(one.took_s, 3),
        "error": one.error,
        "again": one.again,
        "controls": [_written(control) for control in one.controls],
    }
    return json.dumps(cells, separators=(",", ":")) + "\n"


def _written(control: Control) -> dict[str, Any]:
    """Give a control with the words that say how it fails."""
    cells = control_json.written(control)
    if control.verdict is not Verdict.PASS:
        cells["said"] = junit.held(control)
    return cells


def _checked(cells: dict[str, Any]) -> Checked:
    return Checked(
        slug=cells["slug"],
        seed=cells["seed"],
        controls=tuple(control_json.read(control) for control in cells["controls"]),
        began=datetime.fromisoformat(cells["began"]),
        took_s=cells["took_s"],
        error=cells["error"],
        again=cells["again"],
    )


def _refused(path: Path, error: OSError) -> str:
    shown = catalogue.shown(path)
    if isinstance(error, BlockingIOError):
        return f"{shown}: another check is writing its results there"
    return f"{shown}: {error.strerror}; results cannot be kept there"
