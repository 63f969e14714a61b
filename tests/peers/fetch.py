"""Fetches a library's own tests, and what they import, into a folder that git ignores.

None of it is in this tree. The distributions' hashes are those of the lock.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Iterator
from pathlib import Path

from harness.errors import EnvironmentNotReadyError
from tests.peers.suites import Suite

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FETCHED = HERE / ".fetched"
"""Where all of it goes; remove it to fetch it anew."""

LOCK = HERE / "requirements.lock"
LIMIT_S = 900
SHOWN = 300
"""Characters of an installer's last words that are repeated."""


def interpreter() -> Path:
    """Make a Python that has what the tests import beyond this project's packages.

    Raises:
        EnvironmentNotReadyError: a package cannot be had.

    """
    folder = FETCHED / "venv"
    python, stamp = folder / "bin" / "python", folder / LOCK.name
    if not stamp.is_file() or stamp.read_text() != LOCK.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _pip(python, "install", "--no-deps", "--require-hashes", "-r", str(LOCK))
        # The library under test is the one that is installed here, and so is pytest.
        inside = next(folder.glob("lib/python*/site-packages"))
        (inside / "project.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        shutil.copy(LOCK, stamp)
    return python


def tests_of(suite: Suite) -> Path:
    """Unpack the tests of the installed version, and give their folder.

    Raises:
        EnvironmentNotReadyError: the distribution cannot be had, or is not the locked one.

    """
    folder = FETCHED / suite.folder
    if not folder.is_dir():
        archive = _downloaded(suite)
        partial = FETCHED / f"{suite.folder}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(archive) as file:
            file.extractall(partial, _members(file, suite), filter="data")
        (partial / suite.folder).rename(folder)
        partial.rmdir()
    return folder


def _members(file: tarfile.TarFile, suite: Suite) -> Iterator[tarfile.TarInfo]:
    """Pass over the library's own code: the tests would import it in place of what is installed."""
    for member in file.getmembers():
        if not member.name.startswith(f"{suite.folder}/{suite.package}/"):
            yield member


def _downloaded(suite: Suite) -> Path:
    folder = FETCHED / "archives"
    archive = folder / f"{suite.folder}.tar.gz"
    if not archive.is_file():
        options = ("--no-binary", ":all:", "--no-deps", "--dest", str(folder))
        _pip(Path(sys.executable), "download", *options, suite.pinned)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if not any(digest in lock.read_text() for lock in (ROOT / "requirements").glob("*.lock")):
        raise EnvironmentNotReadyError(
            f"{archive} is not the {suite.pinned} that requirements/ names: remove it, try again"
        )
    return archive


def _pip(python: Path, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own tools
        [python, "-I", "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        env={**os.environ, "PIP_NO_INPUT": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise EnvironmentNotReadyError(
            f"pip {arguments[0]} failed ({said[-1][:SHOWN]}): check the network, then start again"
        )
