"""Where runs are kept: `runs/<lab>/<when>/`, complete or not there at all."""

import errno
import fcntl
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from harness import catalogue, control_json
from harness.checks.verdict import Control, Kind
from harness.errors import EnvironmentNotReadyError
from harness.model.definition import definition
from harness.model.names import nearest
from harness.recording import Recording
from harness.result import CHANGED, Result
from harness.rows import plain

RUNS = (catalogue.ROOT if catalogue.IS_CHECKOUT else Path.cwd()) / "runs"
"""In the repository; for an installed package, and for somebody else's labs, where one is."""
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
"""What the disk is to blame for; an engine's connection that breaks is an OSError too."""
DOCUMENT = "run.json"
PROMETHEUS = "prometheus"
"""Holds a folder for each variant whose data of Prometheus is kept."""
CLAIM = ".claim"
"""A file that is locked for as long as the run that writes into its folder lives."""
LOCK = ".lock"
"""A file under `runs/` that is locked while a folder is made, or while dead ones are removed."""
FULL_BYTES = 1_000_000
"""Less than this is no room for a recording."""
VERSIONED = ("aiohttp", "prometheus-client", "locust", "docker", "toxiproxy-python")


@contextmanager
def folder(slug: str, when: datetime) -> Iterator[Path]:
    """Give a new folder to write a run into; it takes its name when the run is complete.

    Yields a folder whose name starts with a dot; a run that fails or is interrupted leaves none.

    Raises:
        EnvironmentNotReadyError: the disk is full, or `runs/` may not be written.

    """
    part = None
    try:
        with _alone():
            list(_sweep())
            part = _made(RUNS / slug / when.strftime("%Y-%m-%dT%H-%M-%S"))
            claim = _claimed(part)
        with claim:
            yield part
            final = final_path(part)
            part.rename(final)
            part = None  # its name may be another's by now
            (final / CLAIM).unlink()
    except OSError as error:
        if error.errno not in DISK:
            raise
        raise EnvironmentNotReadyError(_refused(error)) from error
    finally:
        if part:
            shutil.rmtree(part, ignore_errors=True)


def sweep() -> list[Path]:
    """Remove what runs that died without a word have left half written, and say what."""
    dead: list[Path] = []
    if RUNS.is_dir():
        with suppress(OSError), _alone():
            dead += _sweep()
    return dead


def _refused(error: OSError) -> str:
    """Say which folder the disk does not take files in, and what to do."""
    temporary = Path(tempfile.gettempdir())
    if error.errno == errno.ENOSPC and _is_full(temporary) and not _is_full(RUNS):
        return f"cannot write under {temporary}: {error.strerror}; make room there"
    return (
        f"cannot write under {catalogue.shown(RUNS)}/: {error.strerror}; "
        "make it writable, or make room: ./lab clean --runs removes old runs"
    )


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < FULL_BYTES


def _sweep() -> Iterator[Path]:
    for part in RUNS.glob("*/.*/"):
        with suppress(OSError), (part / CLAIM).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part, ignore_errors=True)
            yield part


@contextmanager
def _alone() -> Iterator[None]:
    """Keep others from sweeping while a folder is made and not claimed yet."""
    try:
        RUNS.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(RUNS)) from error
    with (RUNS / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _claimed(part: Path) -> IO[str]:
    """Lock a folder for as long as the file is open, which it is until its process ends.

    The number of a process may come again.
    """
    file = (part / CLAIM).open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def final_path(part: Path) -> Path:
    """Give the name under which a folder from `folder` will be found afterwards."""
    return part.with_name(part.name.removeprefix("."))


def save(result: Result, when: datetime, path: Path) -> dict[str, Any]:
    """Write `run.json`, and each recording that is not kept yet; give what `run.json` holds."""
    summary = document(result, when)
    (path / DOCUMENT).write_text(json.dumps(summary, indent=1) + "\n")
    for recording in result.recordings:
        if not _place(recording, path).is_dir():
            keep(recording, path)
    return summary


def keep(recording: Recording, path: Path) -> None:
    """Write a recording into a folder of its own, `<engine>-<variant>`, in that of its run."""
    recording.save(_place(recording, path))


def _place(recording: Recording, path: Path) -> Path:
    return path / f"{recording.engine}-{recording.variant}"


def document(result: Result, when: datetime) -> dict[str, Any]:
    """Give a result as one JSON object, without the series, requests and spans."""
    return {
        "lab": result.slug,
        "title": result.lab.title,
        "question": result.lab.question,
        "definition": definition(result.lab),
        "seed": result.seed,
        "when": when.isoformat(timespec="seconds"),
        "verdict": result.verdict,
        "notes": result.notes,
        "options": list(result.options),
        "left_out": list(result.left_out),
        "unproven": result.unproven,
        "controls": [control_json.written(control) for control in result.controls],
        "recordings": [_summary(recording) for recording in result.recordings],
        "versions": {"python": platform.python_version(), **_versions()},
    }


def latest(slug: str) -> Path:
    """Give the folder of a lab's last complete run.

    Raises:
        EnvironmentNotReadyError: there is none yet.

    """
    runs = _complete(slug)
    if not runs:
        raise EnvironmentNotReadyError(f"no run of {slug} yet; ./lab run {slug} makes one")
    return runs[-1]


def latest_on_both(slug: str) -> Path | None:
    """Give the folder of a lab's last run on both engines, as the lab is; None without one.

    Raises:
        EnvironmentNotReadyError: a run that may be the one cannot be read.

    """
    return next((run for run in reversed(_complete(slug)) if _is_on_both(run)), None)


def latest_with_prometheus(slug: str, name: str | None = None) -> Path:
    """Give the folder of a lab's last run that has kept Prometheus' data, or of the one named.

    Raises:
        EnvironmentNotReadyError: there is none, or it has kept none.

    """
    runs = _complete(slug)
    there = [run.name for run in runs]
    if name and name not in there:
        raise EnvironmentNotReadyError(
            f"no run {name!r} of {slug}{nearest(name, there)}; ls runs/{slug} shows them"
        )
    found = [run for run in runs if name in {None, run.name} and (run / PROMETHEUS).is_dir()]
    if not found:
        which = f"run {name}" if name else "no run"
        raise EnvironmentNotReadyError(
            f"{which} of {slug} has {'no' if name else 'kept'} Prometheus' data; "
            f"./lab run {slug} --engine compose --keep-prometheus keeps it"
        )
    return found[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a run's document says of the run as a whole; `definition` is "" in old ones."""

    day: str
    seed: int
    definition: str
    notes: tuple[str, ...]
    recorded: frozenset[tuple[str, str]]
    """The engine and variant of each recording."""


def newest_first(slug: str) -> list[Path]:
    """Give the folders of a lab's complete runs."""
    return _complete(slug)[::-1]


def kept(run: Path) -> Kept:
    """Load what a run's document says of it.

    Raises:
        EnvironmentNotReadyError: it cannot be read.

    """
    with _legible(run / DOCUMENT):
        document = _read(run)
        return Kept(
            day=document["when"][:10],
            seed=document["seed"],
            definition=document.get("definition", ""),
            notes=tuple(document["notes"]),
            recorded=frozenset((one["engine"], one["variant"]) for one in document["recordings"]),
        )


def controls(run: Path) -> list[Control]:
    """Load the controls of a run.

    Raises:
        EnvironmentNotReadyError: they cannot be read.

    """
    with _legible(run / DOCUMENT):
        return [control_json.read(cells) for cells in _read(run)["controls"]]


def recording(run: Path, engine: str, variant: str) -> Recording:
    """Load one recording of a run.

    Raises:
        EnvironmentNotReadyError: the run has none of that name.

    """
    name = f"{engine}-{variant}"
    there = sorted(path.parent.name for path in run.glob("*/recording.json"))
    if name not in there:
        raise EnvironmentNotReadyError(
            f"{run.name} has no recording {name}{nearest(name, there)}; it has {', '.join(there)}"
        )
    with _legible(run / name):
        return Recording.load(run / name)


def _complete(slug: str) -> list[Path]:
    return sorted(path for path in (RUNS / slug).glob("[!.]*") if (path / DOCUMENT).exists())


def _is_on_both(run: Path) -> bool:
    with _legible(run / DOCUMENT):
        kept = _read(run)
        changed = any(note.startswith(CHANGED) for note in kept["notes"])
        return not changed and any(cells["kind"] == Kind.AGREEMENT for cells in kept["controls"])


@contextmanager
def _legible(path: Path) -> Iterator[None]:
    """Say of what a run has kept that it cannot be read, if that is so."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        run = path.parent
        told = f"{run.name}/{path.name} cannot be read"
        again = f"./lab run {run.parent.name} makes a new one"
        raise EnvironmentNotReadyError(f"{told}; {again}") from error


def _read(run: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run / DOCUMENT).read_text())
    return document


def _summary(recording: Recording) -> dict[str, Any]:
    return {
        "engine": recording.engine,
        "variant": recording.variant,
        "digest": recording.digest(),
        "requests": len(recording.requests),
        "good": sum(request.good for request in recording.requests),
        "spans": len(recording.spans),
        "faults": [
            {name: plain(value) for name, value in asdict(fault).items()}
            for fault in recording.faults
        ],
        "notes": recording.notes,
    }


def _versions() -> dict[str, str]:
    """Give the versions of what made a run; what only containers need may not be installed."""
    found = {"chaoslab": "0.1.0"}
    for name in VERSIONED:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _made(path: Path, number: int = 1) -> Path:
    """Make the hidden folder of a run, under a number when others began in the same second."""
    final = path if number == 1 else path.with_name(f"{path.name}-{number}")
    part = final.with_name(f".{final.name}")
    with suppress(FileExistsError):
        part.mkdir(parents=True)
        if not final.exists():
            return part
        part.rmdir()
    return _made(path, number + 1)
