"""What sweeps have found, a line a run, written as it comes: a sweep can be gone on with.

A line is found again by a key: a digest of the code that runs are made of, the lab's own code, the
variant, the settings, what was looked at and the seed. So a grid that grows, or a search after
it, runs only what is missing; and whatever changes a run gives it another key. A process that is
killed leaves half a line at most, which is dropped.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO

from harness import catalogue, store, track_record
from harness.catalogue import Entry
from harness.result_lines import append, claimed, whole
from harness.rows import number, plain
from harness.sweep.cells import Found, Run

FORMAT = 1
FILE = "results.jsonl"
DIGITS = 16
Known = dict[str, tuple[float, str]]
"""By its key, what a run came to: a value, and why there is none."""


APART = ("cli", "compose", "lessons", "live", "report", "site", "swarm")
"""Folders of the harness that no simulated run can tell of, for none of them is imported by one."""


class Keys:
    """Makes the keys of a lab's runs; the digests of its code are taken once."""

    def __init__(self, entry: Entry) -> None:
        own = entry.folder / "maps.py"
        self._of = (
            *(FORMAT, platform.python_version(), _tree(), entry.slug),
            track_record.code(entry),
            hashlib.sha256(own.read_bytes()).hexdigest() if own.is_file() else "",
        )

    def key(self, run: Run) -> str:
        """Give the key of a run; the order of its settings does not count."""
        what = (*self._of, run.variant, sorted(run.settings), run.measure, run.seed)
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:DIGITS]


class Kept:
    """A file of results that is open for more; any thread may add one."""

    def __init__(self, file: IO[str] | None, known: Known) -> None:
        self.known = known
        self._file = file
        self._lock = Lock()

    def add(self, key: str, found: Found) -> None:
        """Write a result; it is in the file when this returns. What was lost is not kept."""
        if found.is_lost:
            return
        with self._lock:
            self.known[key] = found.value, found.missing
            if self._file is None:
                return
            try:
                append(self._file, _line(key, found))
            except OSError as error:
                _warn(Path(self._file.name), error.strerror or str(error))
                self._file = None


def _tree() -> str:
    """Give a digest of all code that a run may depend on, beside its lab's own."""
    digest = hashlib.sha256()
    for part in ("harness", "services"):
        for path in sorted((catalogue.ROOT / part).rglob("*.py")):
            place = path.relative_to(catalogue.ROOT)
            if not set(place.parts) & set(APART):
                content = path.read_bytes()
                digest.update(f"{place}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def folder(slug: str) -> Path:
    """Give the place of a lab's sweeps."""
    return store.RUNS / "sweeps" / slug


def known(slug: str) -> Known:
    """Give what the sweeps of a lab have found, of whatever tree; nothing where there were none."""
    path = folder(slug) / FILE
    return _read_only(path) if path.is_file() else {}


@contextmanager
def opened(slug: str) -> Iterator[Kept]:
    """Open the results of a lab's sweeps for more; where that cannot be, a line says so."""
    path = folder(slug) / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = claimed(path)
    except BlockingIOError:
        _warn(path, "another sweep of this lab is writing there")
        yield Kept(None, _read_only(path))
        return
    except OSError as error:
        _warn(path, error.strerror or str(error))
        yield Kept(None, {})
        return
    with file:
        yield Kept(file, _read(file))


def _warn(path: Path, why: str) -> None:
    sys.stderr.write(f"chaoslab: {catalogue.shown(path)}: {why}; this sweep is not kept\n")


def _read(file: IO[str]) -> Known:
    """Read all whole lines, and cut off the half line that a killed sweep has left."""
    file.seek(0)
    known: Known = {}
    end = 0
    for line, end in whole(file):  # noqa: B007 - the last one is needed
        known |= _known(line)
    file.truncate(end)
    return known


def _read_only(path: Path) -> Known:
    known: Known = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        known |= _known(line)
    return known


def _known(line: str) -> Known:
    """Read one line; one that cannot be read is none, and its run is done again."""
    try:
        cells = json.loads(line)
        return {str(cells["key"]): (float(number(cells["value"])), str(cells["missing"]))}
    except (ValueError, LookupError, TypeError):
        return {}


def _line(key: str, found: Found) -> str:
    run = found.run
    cells = {
        "key": key,
        "variant": run.variant,
        "settings": run.settings,
        "measure": run.measure,
        "seed": run.seed,
        "value": plain(found.value),
        "missing": found.missing,
    }
    return json.dumps(cells, separators=(",", ":")) + "\n"
