"""The bundle of a browser's tab: Pyodide, and what labs load, as bytecode in zips.

Made of packages of npm and PyPI at the versions of the locks; nothing is fetched from elsewhere,
and the same tree gives the same bytes. What is packed is decided in `packing.py`.
"""

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from harness import catalogue
from harness.errors import EnvironmentNotReadyError
from harness.live.lesson import lesson_of
from harness.site import openings
from harness.site.tab import Packed

HERE = Path(__file__).parent
RUNTIME = HERE / "runtime"
PYODIDE = RUNTIME / "node_modules" / "pyodide"
OURS = ("harness", "services", "labs")
LEFT_OUT = ("harness/cli/", "harness/engines/compose/", "harness/report/", "harness/proof/",
            "harness/swarm/", "harness/lessons/", "harness/site/runtime/", "harness/live/server.py",
            "harness/live/session_process.py", "harness/live/child.py", "harness/live/browsers.py",
            "harness/live/real_time_protocol.py", "harness/live/containers_session.py",
            "harness/live/live_run", "harness/live/ended_calls.py", "harness/live/so_far.py",
            "harness/live/kept_run.py", "harness/engines/containers.py",
            "harness/live/class_", "harness/live/vote_page.py", "harness/live/phone_code.py",
            "harness/live/ballot.py", "harness/live/rates.py", "harness/site/b",
            "harness/site/pages.py", "harness/site/pictures.py", "harness/pytest_",
            "harness/seed_ledger.py", "harness/due.py", "harness/calculators/shown_by.py",
            "harness/site/calculator_pages.py", "harness/site/openings.py")  # fmt: skip
"""What no tab runs: files and folders by how their names begin."""
DATA = ("fakeredis/commands.json", "harness/calculators/calculators.tsv")
LOADED = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
FETCH_S, PACK_S = 900, 600


def make(out: Path) -> None:
    """Write the bundle into a folder.

    Raises:
        EnvironmentNotReadyError: Node, npm or the network is missing.

    """
    _prepare()
    (out / "pyodide").mkdir(parents=True)
    for name in LOADED:
        shutil.copy(PYODIDE / name, out / "pyodide" / name)
    with tempfile.TemporaryDirectory(prefix="chaoslab-site-") as folder:
        stage = Path(folder)
        _stage(stage)
        _lessons(out / "lessons")
        openings.write(out, list(_labs()))
        _run(["node", str(RUNTIME / "compile.mjs"), str(stage), str(out)], PACK_S)


def _prepare() -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        raise EnvironmentNotReadyError(
            "node or npm is missing, which the site's bundle is made with; install Node.js 18 or "
            "newer, or make the pages alone with --no-play"
        )
    _run([str(RUNTIME / "prepare")], FETCH_S)


def _run(command: list[str], limit_s: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own scripts
            command, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentNotReadyError(
            f"{Path(command[0]).name} did not end within {limit_s:g} s; try again when the machine "
            "has less to do"
        ) from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise EnvironmentNotReadyError(f"the bundle was not made: {last}")


def _stage(stage: Path) -> None:
    for wheel in sorted((RUNTIME / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as held:
            held.extractall(stage / "wheel", [one for one in held.namelist() if _wanted(one)])
    (stage / "wheel").rename(stage / "app")
    for file in _ours():
        to = stage / "app" / file.relative_to(catalogue.ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)
    with zipfile.ZipFile(PYODIDE / "python_stdlib.zip") as held:
        held.extractall(stage / "stdlib")
    info = json.loads((PYODIDE / "pyodide-lock.json").read_text())["info"]
    (stage / "python.json").write_text(json.dumps(info))
    (stage / "labs.json").write_text(json.dumps(list(_labs())))


def _lessons(to: Path) -> None:
    """Write each lesson as the console shows it: a tab has no Markdown."""
    to.mkdir()
    for slug in catalogue.slugs():
        found = lesson_of(catalogue.find(slug).folder / "README.md")
        told = json.dumps(asdict(found) if found else None)
        (to / f"{slug}.json").write_text(told, encoding="utf-8")


def _wanted(name: str) -> bool:
    """Say whether a wheel's file is of use: a module, or data that one opens."""
    is_metadata = name.startswith("fakeredis-") and name.endswith("/METADATA")
    return name.endswith(".py") or name in DATA or is_metadata


def _ours() -> Iterator[Path]:
    for top in OURS:
        for file in sorted((catalogue.ROOT / top).rglob("*")):
            name = file.relative_to(catalogue.ROOT).as_posix()
            if (file.suffix == ".py" or name in DATA) and not name.startswith(LEFT_OUT):
                yield file


def _labs() -> Iterator[Packed]:
    """Give each lab as the tab knows it."""
    for slug in catalogue.slugs():
        entry = catalogue.find(slug)
        inside = entry.folder.relative_to(catalogue.LABS).parts
        yield Packed(slug, entry.lab.title, ".".join(("labs", *inside, "lab")))
