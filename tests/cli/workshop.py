"""A checkout of its own for each test, with labs that are small, quick and easily broken."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import labs
from harness import catalogue, store
from harness.cli.__main__ import main

ROOT = Path(__file__).parents[2]
ELSEWHERE = """
import sys
from pathlib import Path

import labs
from harness import catalogue, store
from harness.cli.__main__ import main

root = Path(sys.argv.pop(1))
catalogue.ROOT = root
catalogue.LABS = root / "labs"
store.RUNS = root / "runs"
labs.__path__ = [str(root / "labs")]
sys.exit(main())
"""
NO_ENGINE = "tcp://127.0.0.1:1"  # docker-py would leak the socket of a unix:// that is dead
TRACK = "trial"

SMALL = '''"""A small lab."""

from harness.measures import recovery_s, success_ratio
from harness.model import Broken, Fixed, Lab, Paced, Pause, Service, baseline, during, on

LAB = Lab(
    title="A small lab",
    question="Does it hold?",
    services=(
        Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 100}),
        Service("back", app="services.worker", settings={"workers": 1, "service_ms": 20}),
    ),
    load=Paced(rate_rps=20, to="front", timeout_ms=500),
    duration_s=5,
    faults=(during(1, 2, Pause("back")),),
    variants=(Broken("naive", {"front.tries": 4}), Fixed("calm", {"front.tries": 1})),
    expect=(
        baseline(success_ratio(0, 0.75), at_least=0.99),
        on("naive", claim="stays down", measure=success_ratio(3.5, 5), at_most=0.1),
        on("calm", claim="recovers", measure=recovery_s(), at_most=2),
    ),
)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of an error; more than one, or a traceback, fails the test."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("chaoslab: "), self.err
        return lines[0].removeprefix("chaoslab: ")


class Workshop:
    """A checkout with the catalogue, an empty `runs/`, and only the labs that a test writes."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.runs = root / "runs"
        self._capsys = capsys

    def write(self, text: str = SMALL, *, slug: str = "small", track: str = TRACK) -> Path:
        """Write a lab and give its folder."""
        folder = self.root / "labs" / track / slug.replace("-", "_")
        folder.mkdir(parents=True)
        (folder / "lab.py").write_text(text)
        importlib.invalidate_caches()
        return folder

    def change(self, *pairs: tuple[str, str], slug: str = "small") -> Path:
        """Write the small lab with pieces of its text replaced, each of which must be there."""
        text = SMALL
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return self.write(text, slug=slug)

    def run(self, *arguments: str) -> Outcome:
        """Run a command line in this process."""
        self._capsys.readouterr()
        code = main(list(arguments))
        said = self._capsys.readouterr()
        return Outcome(code=code, out=said.out, err=said.err)

    def kept(self) -> list[str]:
        """Give what lies in `runs/`, hidden folders too, as `lab/when`."""
        return sorted(str(path.relative_to(self.runs)) for path in self.runs.glob("*/*"))


@contextmanager
def workshop(
    root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Workshop]:
    """Point everything that knows where the checkout is to another folder."""
    (root / "labs").mkdir()
    for table in ("catalogue.tsv", "episodes.tsv"):
        shutil.copy(ROOT / "labs" / table, root / "labs")
    patch.setattr(catalogue, "ROOT", root)
    patch.setattr(catalogue, "LABS", root / "labs")
    patch.setattr(store, "RUNS", root / "runs")
    patch.setattr(labs, "__path__", [str(root / "labs")])
    patch.setattr(sys, "dont_write_bytecode", True)
    patch.setenv("DOCKER_HOST", NO_ENGINE)
    patch.setenv("COLUMNS", "80")
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name[:5] == "labs."}
    try:
        yield Workshop(root, capsys)
    finally:
        for name in [name for name in list(sys.modules) if name[:5] == "labs."]:
            del sys.modules[name]
        sys.modules.update(before)


def started(
    shop: Workshop,
    *arguments: str,
    stdout: int = subprocess.PIPE,
    pass_fds: tuple[int, ...] = (),
    **environment: str,
) -> subprocess.Popen[str]:
    """Start a command line in a process group of its own, on the checkout of a test."""
    return subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-c", ELSEWHERE, str(shop.root), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdout=stdout,
        pass_fds=pass_fds,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], *, within_s: float = 60) -> Outcome:
    """Wait for a command line's end."""
    try:
        out, err = process.communicate(timeout=within_s)
    finally:
        process.kill()
    return Outcome(code=process.returncode, out=out or "", err=err)
