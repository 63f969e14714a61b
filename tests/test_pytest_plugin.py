"""`pytest --labs` in another repository, which keeps labs, services and tests of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.workshop import SMALL

ROOT = Path(__file__).parents[1]
LABS = {
    "shop/fine": SMALL.replace("services.worker", "bank"),
    "failing": SMALL.replace("at_most=2)", "at_most=0.5)"),
    "alike": SMALL.replace("at_most=0.1)", "at_most=1)"),
    "sick": SMALL.replace('"timeout_ms": 100', '"timeout_ms": 1'),
    "wrong": "BAL = 1\n",
}
CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--seed", default="theirs")
    parser.addoption("--engine", default="theirs")


def pytest_report_header(config):
    return f"theirs: {config.option.seed} {config.option.engine}"
"""
LOADED = """
import sys


def test_nothing_of_chaoslab_is_loaded():
    loaded = sorted(name for name in sys.modules if name.startswith(("harness.", "aiohttp")))
    assert loaded == ["harness.pytest_plugin"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a run of pytest came to."""

    code: int
    out: str

    def outcomes(self) -> dict[str, str]:
        """Give the word for each item, as `-rA` lists them."""
        found = {}
        for line in self.out.partition("short test summary info")[2].splitlines():
            word, _, rest = line.partition(" ")
            if rest.startswith(("labs/", "test_")):
                found[rest.partition(" - ")[0]] = word
        return found


def session(repository: Path, *arguments: str) -> Session:
    """Run pytest as it is where Chaoslab is installed; its own packages shadow nothing."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    environment.pop("PYTHONHASHSEED", None)
    plain = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "harness.pytest_plugin")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *plain, *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Session(code=done.returncode, out=done.stdout + done.stderr)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name, text in LABS.items():
        (root / "chaos" / name).mkdir(parents=True)
        (root / "chaos" / name / "lab.py").write_text(text)
    bank = (ROOT / "services" / "worker.py").read_text()
    (root / "chaos" / "bank.py").write_text(bank)
    (root / "services").mkdir()
    (root / "services" / "__init__.py").write_text("raise ImportError('theirs')")
    (root / "test_theirs.py").write_text("def test_theirs():\n    assert True\n")
    return root


EXPECTED = {
    "test_theirs.py::test_theirs": "PASSED",
    "labs/fine[naive]": "PASSED",
    "labs/fine[calm]": "PASSED",
    "labs/fine": "PASSED",
    "labs/failing[naive]": "PASSED",
    "labs/failing[calm]": "FAILED",
    "labs/failing": "PASSED",
    "labs/alike[naive]": "PASSED",
    "labs/alike[calm]": "PASSED",
    "labs/alike": "FAILED",
    "labs/sick[naive]": "INCONCLUSIVE",
    "labs/sick[calm]": "INCONCLUSIVE",
    "labs/sick": "INCONCLUSIVE",
    "labs/wrong": "INCONCLUSIVE",
}


def test_every_lab_and_variant_is_a_test(repository: Path) -> None:
    """A claim that fails is a failure; what proves nothing, an error; both in words, in JUnit too.

    Variants are told apart by the lab's own item.
    """
    done = session(repository, "--labs", "chaos", "-rA", "--junitxml", "junit.xml")
    assert done.outcomes() == EXPECTED
    assert done.code == 1
    assert "2 failed, 8 passed, 4 errors" in done.out
    assert "calm, the fix holds: recovers; time to recover is 1 s, must be ≤ 0.5 s" in done.out
    assert "chaos/wrong/lab.py: defines no LAB" in done.out
    again = "see it again: ./lab run failing --engine sim --seed 1 --labs chaos"
    assert again in done.out
    assert "Traceback" not in done.out
    assert "pytest_labs.py" not in done.out
    cases = list(ET.parse(repository / "junit.xml").iter("testcase"))  # noqa: S314 - pytest's
    assert sum(case.find("failure") is not None for case in cases) == 2
    assert sum(case.find("error") is not None for case in cases) == 4


@pytest.mark.parametrize("dist", ["load", "loadgroup"])
def test_processes_share_what_was_found(repository: Path, dist: str) -> None:
    """With xdist the outcomes are the same, and a lab is checked once, wherever its items run."""
    log = repository / f"{dist}.log"
    text = f"open({str(log)!r}, 'a').write('loaded\\n')\n"
    lab = repository / "chaos" / "shop" / "fine" / "lab.py"
    before = lab.read_text()
    lab.write_text(text + before)
    try:
        only = ("-k", "fine or wrong", "-rA", "-n", "2", "--dist", dist)
        done = session(repository, "--labs", "chaos", *only)
    finally:
        lab.write_text(before)
    wanted = {name: word for name, word in EXPECTED.items() if "fine" in name or "wrong" in name}
    found = {name.partition("@")[0]: word for name, word in done.outcomes().items()}
    assert found == wanted
    # Once for the list of labs, once for the check.
    assert log.read_text().count("loaded") == 2


def test_items_are_chosen_by_markers(repository: Path) -> None:
    """By track, variant and kind; seeds have items of their own."""
    chosen = ("--collect-only", "-q", "--seeds", "2-3", "-m")
    done = session(repository, "--labs", "chaos", *chosen, "track(name='shop') and variant")
    found = [line for line in done.out.splitlines() if line.startswith("labs/")]
    assert found == [
        *("labs/fine[naive-seed2]", "labs/fine[calm-seed2]"),
        *("labs/fine[naive-seed3]", "labs/fine[calm-seed3]"),
    ]


def test_one_seed_alone(repository: Path) -> None:
    """Not as many as its number says; the command that repeats it has it."""
    done = session(repository, "--labs", "chaos", "--seed", "3", "-k", "failing and calm", "-rA")
    assert done.outcomes() == {"labs/failing[calm]": "FAILED"}
    assert "--seed 3 --labs chaos" in done.out


def test_without_the_option_nothing_changes(repository: Path, tmp_path: Path) -> None:
    """Nothing of ours is loaded, and others may have options of the same names."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_loaded.py").write_text(LOADED)
    done = session(tmp_path, "--seed", "4", "--engine", "petrol")
    assert done.code == 0, done.out
    assert "theirs: 4 petrol" in done.out
    del repository


def test_options_of_the_same_name_stay_theirs(repository: Path, tmp_path: Path) -> None:
    """The longer names are ours in any case."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    labs = ("--labs", str(repository / "chaos"), "--labs-seeds", "7-7", "--seed", "4")
    done = session(tmp_path, *labs, "--collect-only")
    assert done.code == 0, done.out
    assert "theirs: 4 theirs" in done.out
    assert "<LabItem fine[naive]>" in done.out
    assert "collected 13 items" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--labs", "nowhere"), "there is no such folder"),
        (("--labs", "services"), "no lab in it"),
        (("--labs", "chaos", "--seeds", "3-1"), "--seeds 3-1: write how many"),
        (("--labs", "chaos", "--engine", "steam"), "--engine steam: write sim or compose"),
    ],
)
def test_what_is_asked_for_wrongly_is_one_line(
    repository: Path, arguments: tuple[str, ...], said: str
) -> None:
    """It is pytest's own kind of error, before anything is run."""
    done = session(repository, *arguments)
    assert done.code == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in done.out.splitlines() if line]
    assert line.startswith("ERROR: ")
    assert said in line
