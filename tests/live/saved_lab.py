"""A lab file that the sandbox has saved, held against its claims as its user would."""

import subprocess
import sys
from pathlib import Path

from tests.cli.workshop import NO_ENGINE

ROOT = Path(__file__).parents[2]
CHECK_LIMIT_S = 600


def checked(source: str, folder: Path) -> str:
    """Put the file into a folder of labs, check it there, and give what was said.

    Raises:
        AssertionError: `check` found something wrong.

    """
    lab = folder / "chaos" / "my_system"
    lab.mkdir(parents=True)
    (lab / "lab.py").write_text(source, encoding="utf-8")
    words = ["check", "my-system", "--labs", "chaos", "--engine", "sim"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-m", "harness.cli", *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "DOCKER_HOST": NO_ENGINE},
        capture_output=True,
        text=True,
        timeout=CHECK_LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
