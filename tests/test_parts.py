"""What is not installed is not imported, and is named with the command that installs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.containers import NOT_INSTALLED

ROOT = Path(__file__).parents[1]
LIMIT_S = 60
CONTAINERS = ("docker", "toxiproxy", "yaml", "requests", "urllib3")
DEVELOP = ("pytest", "mypy", "hypothesis", "locust", "gevent", "coverage")
REPORT = ("matplotlib", "jinja2", "numpy", "PIL")

# Refuses packages as if they were not installed, then does what the command line says.
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
absent = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Absent())
import importlib.util
there = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in absent else there(name)
from harness.cli.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


def without(packages: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-c", WITHOUT, ",".join(packages), *arguments],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize("command", ["list", "show", "doctor", "clean", "check", "compare", "test"])
def test_commands_start_without_what_containers_and_tests_need(command: str) -> None:
    """Their help imports their module, and nothing that a learner has not installed."""
    started = without((*CONTAINERS, *DEVELOP), command, "--help")
    assert (started.returncode, started.stderr) == (0, "")


def test_a_list_needs_what_simulates_alone() -> None:
    """Neither plots nor templates are imported for it."""
    started = without((*CONTAINERS, *DEVELOP, *REPORT), "list")
    assert (started.returncode, started.stderr) == (0, "")
    assert "retry-storm" in started.stdout


def test_doctor_names_the_command_that_installs_what_containers_need() -> None:
    """Without it labs are simulated, as where no engine answers."""
    started = without(CONTAINERS, "doctor")
    told = " ".join(started.stdout.split())
    assert NOT_INSTALLED in told
    assert started.stderr == ""


@pytest.mark.parametrize("arguments", [["compose", "retry-storm"], ["images", "list"]])
def test_a_command_of_containers_says_what_is_missing(arguments: list[str]) -> None:
    """Started past the launcher, which would have installed it: one line, exit 2."""
    started = without(CONTAINERS, *arguments)
    assert (started.returncode, started.stderr) == (2, f"chaoslab: {NOT_INSTALLED}\n")


def test_a_venv_from_which_something_was_taken_is_named() -> None:
    """A package of the first parts that is gone is nothing that a user can add by a command."""
    started = without(("matplotlib",), "run", "retry-storm")
    assert started.returncode == 2
    assert started.stderr.startswith("chaoslab: the package matplotlib is not installed: remove")
    assert started.stderr.count("\n") == 1
