"""How the images are made: files by scripts on the host, images by the engine with no network."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from docker import DockerClient

from harness.engines.compose import sbom
from harness.engines.compose.images import (
    RECIPES,
    Artefact,
    Image,
    by_name,
    choose_base,
    choose_snapshot,
    chosen_base,
    content_hash,
    reference,
)
from harness.engines.compose.inventory import (
    CONTENT_LABEL,
    connect,
    missing,
    status,
    total_bytes,
)
from harness.errors import EnvironmentNotReadyError

Report = Callable[[str], None]

STEP_LIMIT_S = 900
PROGRESS_S = 10.0
MAKING = ".making-"


def build(
    report: Report,
    *,
    names: Collection[str] | None = None,
    base: str | None = None,
    refresh: bool = False,
) -> None:
    """Build what is missing of the named images (None: of all) and their parents.

    ``refresh`` takes Debian's packages as they are today, with their security updates.

    ``base`` names a registry's image to stand on, such as ``python:3.11-slim-bookworm``; then
    Prometheus, Redis and Toxiproxy are a registry's too (untested where there is none). Empty goes
    back to Debian packages, None keeps what this tree's set stands on.

    Raises:
        EnvironmentNotReadyError: a step failed; one line says what to do.

    """
    wanted = _with_parents(by_name() if names is None else names)
    with closing(connect()) as client, _alone(report):
        choose_base(chosen_base() if base is None else base)
        if refresh:
            choose_snapshot(datetime.now(UTC).strftime("%Y%m%d"))
        _build_missing(client, wanted, report)
        done = [one for one in status(client) if one.name in wanted]
        size_mb = total_bytes(done) / 1e6
        report(f"{len(done)} images ready, {size_mb:.0f} MB with shared layers counted once")


def refresh_sources(
    report: Report, client: DockerClient, names: Collection[str] | None = None
) -> dict[str, str]:
    """Build those images that hold the repository's sources; give what all are called.

    ``names`` are those that are needed; None is all of them.

    Raises EnvironmentNotReadyError when an image that only `build` can make is missing.
    """
    wanted = _with_parents(by_name() if names is None else names)
    lacking = {one.name for one in missing(client)} & wanted
    fixed = [name for name in lacking if not by_name()[name].is_of_sources]
    if fixed:
        names = ", ".join(sorted(fixed))
        raise EnvironmentNotReadyError(f"no image of {names}: run ./lab images build")
    if lacking:
        with _alone(report):
            _build_missing(client, lacking, report)
    return {one.name: one.reference for one in status(client)}


def _build_missing(client: DockerClient, wanted: Collection[str], report: Report) -> None:
    for one in missing(client):
        if one.name in wanted:
            _build(by_name()[one.name], one.reference, chosen_base(), report)


def _with_parents(names: Collection[str]) -> set[str]:
    wanted = set()
    for given in names:
        if given not in by_name():
            raise EnvironmentNotReadyError(
                f"no image is called {given}: choose from {', '.join(by_name())}"
            )
        name: str | None = given
        while name:
            wanted.add(name)
            name = by_name()[name].parent
    return wanted


def _build(image: Image, tag: str, base: str, report: Report) -> None:
    """Build one image whose parent is there, and label it with its content."""
    artefact = image.made_from(base)
    made = _made(artefact, report) / image.part if artefact else None
    started_s = time.monotonic()
    command = ["docker", "build", "--network=none", "--progress=plain", f"--tag={tag}"]
    command += [f"--label={CONTENT_LABEL}={content_hash(image, base=base)}"]
    for label, text in sbom.labels(image.name, made).items():
        command += [f"--label={label}={text}"]
    if image.parent:
        command += [f"--build-arg=PARENT={reference(image.parent, base=base)}"]
    elif base:
        command += [f"--build-arg=PARENT={base}"]
    if base and image.source:
        command += [f"--build-arg=SOURCE={image.source}"]
    with _context(image, made, base) as context:
        if reference(image.name, base=base) != tag:
            raise EnvironmentNotReadyError(f"a file of {tag} changed while it was read: try again")
        run_step([*command, "-"], f"the build of {tag}", context)
    report(f"{tag} built in {time.monotonic() - started_s:.1f} s: {image.holds}")


@contextmanager
def _context(image: Image, made: Path | None, base: str) -> Iterator[IO[bytes]]:
    """Pack exactly what the image's hash covers, so that nothing else can get in."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, path in image.inputs(base):
                tar.add(path, name, filter=_plain)
            if made:
                tar.add(made, made.name, filter=_plain)
        file.seek(0)
        yield file


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take owner, time and odd modes away, so that equal content makes an equal layer."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def cache_folder() -> Path:
    """Give where made files are kept; deleting it costs only time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chaoslab"


def _made(artefact: Artefact, report: Report) -> Path:
    """Give the folder of an artefact, made now unless the cache has it."""
    kept = cache_folder() / f"{Path(artefact.script).stem}-{artefact.key()[:16]}"
    if not kept.exists():
        report(f"making {artefact.makes}")
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=cache_folder()) as making:
            folder = Path(making) / "made"
            folder.mkdir()
            with tempfile.TemporaryFile() as feed:
                feed.write(artefact.feed().encode())
                feed.seek(0)
                script = RECIPES / artefact.script
                command = ["bash", str(script), str(folder), sys.executable]
                run_step(command, artefact.script, feed, report)
            folder.rename(kept)
    return kept


@contextmanager
def _alone(report: Report) -> Iterator[None]:
    """Hold the cache for one build at a time."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another build of the images")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left_by_a_crash in cache_folder().glob(f"{MAKING}*"):
            shutil.rmtree(left_by_a_crash)
        yield


def run_step(
    command: list[str], what: str, stdin: IO[bytes] | None = None, report: Report | None = None
) -> None:
    """Run a step in a process group of its own, so that none of its children outlives it.

    ``report`` is told every few seconds that it still goes on.

    Raises:
        EnvironmentNotReadyError: it failed or took too long; its last line says why.

    """
    if not shutil.which(command[0]):
        raise EnvironmentNotReadyError(f"{what} needs {command[0]} on PATH: install it")
    with subprocess.Popen(  # noqa: S603 -- the commands are this module's own
        command,
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        start_new_session=True,
    ) as process:
        try:
            output = _output(process, what, report)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
    if process.returncode:
        log = cache_folder() / "failed.log"
        log.write_text(output)
        last = output.strip().rpartition("\n")[2]
        raise EnvironmentNotReadyError(f"{what} failed: {last} (log: {log})")


def _output(process: subprocess.Popen[str], what: str, report: Report | None) -> str:
    """Wait for a step's end, and give what it said.

    Raises:
        EnvironmentNotReadyError: it took too long.

    """
    began_s = time.monotonic()
    while (so_far_s := time.monotonic() - began_s) < STEP_LIMIT_S:
        try:
            output, _ = process.communicate(timeout=min(PROGRESS_S, STEP_LIMIT_S))
        except subprocess.TimeoutExpired:
            if report:
                report(f"  {what} goes on, {so_far_s + PROGRESS_S:.0f} s so far")
        else:
            return output
    raise EnvironmentNotReadyError(f"{what} took over {STEP_LIMIT_S} s: try again")
