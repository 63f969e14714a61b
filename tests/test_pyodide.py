"""The simulation in a browser's Python, WebAssembly under Node: the same runs, to the last bit.

Fetches Pyodide and wheels at its first start. Where that cannot be, the test is skipped, or
fails when `CHAOSLAB_REQUIRE_PYODIDE` is set.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "pyodide"
PREPARE = ROOT / "harness" / "site" / "runtime" / "prepare"
"""What the site's bundle is made of, too."""
FETCH_LIMIT_S = 700
RUN_LIMIT_S = 600

SEEDS = ("1", "742")
"""Under 742 the logarithms of two C libraries differ where it shows in an arrival's time."""


def missing(what: str) -> NoReturn:
    if os.environ.get("CHAOSLAB_REQUIRE_PYODIDE"):
        pytest.fail(what)
    pytest.skip(what)


def fetch() -> None:
    if not shutil.which("node"):
        missing("no node: install Node.js 18 or newer")
    fetched = subprocess.run(  # noqa: S603 - our own script
        [PREPARE], capture_output=True, text=True, timeout=FETCH_LIMIT_S, check=False
    )
    if fetched.returncode:
        missing(f"{PREPARE.name}: {fetched.stderr.strip() or fetched.returncode}")


def runs(*command: str | Path) -> list[dict[str, Any]]:
    done = subprocess.run(  # noqa: S603 - our own script, under two interpreters
        [*command, *SEEDS],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        del row["wall_s"]
    return rows


@pytest.mark.pyodide
def test_a_browser_and_this_python_record_the_same() -> None:
    """Digests, counts and every control's value agree, whatever the Python, parser and libm."""
    fetch()
    here = runs(sys.executable, FOLDER / "digest.py")
    there = runs("node", FOLDER / "run.mjs")

    assert here
    assert there == here
