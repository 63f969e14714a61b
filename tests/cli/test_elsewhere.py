"""`--labs DIR`: another repository keeps its own labs and services."""

import json
import os
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.workshop import NO_ENGINE, SMALL, Outcome

ROOT = Path(__file__).parents[2]
BANK = (ROOT / "services" / "worker.py").read_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of somebody else, with a folder `chaos` of labs."""

    root: Path

    def write(self, where: str, text: str = SMALL) -> None:
        """Write a file under `chaos`."""
        path = self.root / "chaos" / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *words: str, place: Path = ROOT) -> Outcome:
        """Run a command line there."""
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", "harness.cli", *words],
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(place),
                "DOCKER_HOST": NO_ENGINE,
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Outcome(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "chaos").mkdir()
    return Repository(root=tmp_path)


def test_labs_are_found_in_a_track_and_in_none(repository: Repository) -> None:
    """They are listed alone, and checked; runs are kept where one is."""
    for where in ("slow_bank/lab.py", "shop/basket/lab.py", ".hidden/old/lab.py", "_old/x/lab.py"):
        repository.write(where)
    listed = repository.run("list", "--labs", "chaos")
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        ["basket", "shop"],
        ["slow-bank", "chaos"],
    ]
    checked = repository.run("check", "--labs", "chaos", "--jobs", "2")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.endswith("2 passed, 0 failed\n")
    assert (repository.root / "runs" / "check-sim.jsonl").exists()


@pytest.mark.parametrize(
    ("file", "app"),
    [
        ("bank.py", "bank"),
        ("shop/bank.py", "shop.bank"),
        ("services/bank.py", "services.bank"),
        ("basket/service.py", "labs.basket.service"),
    ],
)
def test_services_are_named_from_the_folder(repository: Repository, file: str, app: str) -> None:
    """From the folder itself, as one more of `services`, or as in this repository."""
    repository.write(file, BANK)
    repository.write("basket/lab.py", SMALL.replace("services.worker", app))
    outcome = repository.run("check", "--labs", "chaos")
    assert (outcome.code, outcome.out) == (
        0,
        "✓ PASS         basket, seed 1: 7 controls\n1 passed, 0 failed\n",
    )


@pytest.mark.parametrize(("file", "app"), [("bank.py", "bank"), ("s/bank.py", "s.bank")])
def test_services_are_held_to_the_same_rules(repository: Repository, file: str, app: str) -> None:
    """Whoever asks the machine for the time is told what to ask instead, by name and line."""
    body = BANK.replace("import asyncio\n", "import asyncio\nimport time\n").replace(
        "        now_s = loop_time()\n", "        now_s = loop_time() + time.time() * 0\n"
    )
    repository.write(file, body)
    repository.write("basket/lab.py", SMALL.replace("services.worker", app))
    outcome = repository.run("check", "--labs", "chaos")
    assert outcome.code == 2
    assert "time.time()" in outcome.out
    assert "use ctx.wall()" in outcome.out


def test_a_run_and_its_commands_are_of_the_folder(repository: Repository) -> None:
    """What a failing check proposes to type works from there."""
    repository.write("basket/lab.py", SMALL.replace("at_most=2)", "at_most=0.5)"))
    outcome = repository.run("check", "--labs", "chaos")
    assert outcome.code == 1
    replay = "    replay: ./lab run basket --engine sim --seed 1 --labs chaos\n"
    assert replay in outcome.out
    ran = repository.run(*replay.split()[2:], "--no-report")
    assert ran.code == 1
    (document,) = repository.root.glob("runs/basket/*/run.json")
    assert json.loads(document.read_text())["verdict"] == "FAIL"
    assert repository.run("show", "basket", "--labs", "chaos").code == 0


def test_a_new_lab_is_written_there(repository: Repository) -> None:
    """In a track or in none."""
    wrote = repository.run("new", "pay-day", "--labs", "chaos")
    assert wrote.out.splitlines() == [
        "wrote chaos/pay_day/lab.py",
        "wrote chaos/pay_day/README.md",
        "next: ./lab check pay-day --labs chaos",
    ]
    assert repository.run("new", "rent", "--labs", "chaos", "--track", "flat-share").code == 0
    for name in ("pay-day", "rent"):
        assert repository.run("show", name, "--labs", "chaos").code == 0
    assert not (repository.root / "chaos" / "__init__.py").exists()


WRONG = {
    "no folder": (("check", "--labs", "nowhere"), "--labs nowhere: there is no such folder"),
    "a file": (("check", "--labs", "chaos/bank.py"), "--labs chaos/bank.py: is no folder"),
    "no lab": (("list", "--labs", "chaos/empty"), "no lab in it, as chaos/empty/NAME/lab.py"),
    "no such lab": (("show", "baskt", "--labs", "chaos"), "did you mean basket?"),
    "two of a name": (
        ("show", "twice", "--labs", "chaos"),
        "2 labs are called twice: chaos/a/twice and chaos/twice; rename one",
    ),
    "a broken lab": (("show", "wrong", "--labs", "chaos"), "chaos/wrong/lab.py: defines no LAB"),
    "no such service": (("show", "lost", "--labs", "chaos"), "No module named 'bakn'"),
    "no engine": (
        ("check", "basket", "--labs", "chaos", "--engine", "compose"),
        "no Docker engine answers",
    ),
    "a bad track": (("new", "x", "--labs", "chaos", "--track", "../x"), "no name for a track"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line(repository: Repository, name: str) -> None:
    """It names the folder as it was typed, and says what to do."""
    words, said = WRONG[name]
    (repository.root / "chaos" / "empty").mkdir()
    repository.write("bank.py", BANK)
    for where in ("basket/lab.py", "twice/lab.py", "a/twice/lab.py"):
        repository.write(where)
    repository.write("wrong/lab.py", "BAL = 1\n")
    repository.write("lost/lab.py", SMALL.replace("services.worker", "bakn"))
    outcome = repository.run(*words)
    assert outcome.code == 2
    assert said in outcome.complaint


def test_a_service_of_a_taken_name_is_refused(repository: Repository) -> None:
    """It would silently be Chaoslab's own that runs."""
    repository.write("services/relay.py", BANK)
    repository.write("basket/lab.py")
    outcome = repository.run("check", "--labs", "chaos")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == (
        "chaos/services/relay: services.relay is one of Chaoslab's own; rename it"
    )


def test_the_script_that_is_installed_is_there() -> None:
    """What pyproject.toml names can be called."""
    text = (ROOT / "pyproject.toml").read_text()
    line = next(line for line in text.splitlines() if line.startswith("chaoslab = "))
    module, _, function = line.partition('"')[2].rstrip('"').partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.network
def test_a_wheel_is_all_that_another_repository_needs(
    repository: Repository, tmp_path: Path
) -> None:
    """Built from what is in the tree, and run from where it was unpacked, far from a checkout."""
    base = getattr(sys, "_base_executable", sys.executable)
    source = tmp_path / "source"
    source.mkdir()
    for name in ("harness", "labs", "services", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).symlink_to(ROOT / name)
    built = subprocess.run(  # noqa: S603 - our own interpreter
        [base, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(tmp_path), str(source)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if built.returncode:
        *_, why = built.stderr.splitlines() or [""]
        if os.environ.get("CHAOSLAB_REQUIRE_NETWORK"):
            pytest.fail(why)
        pytest.skip(f"no wheel can be built: {why}")
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "place"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    found = ConfigParser(delimiters=("=",))
    found.read(next(place.glob("*.dist-info/entry_points.txt")))
    assert found["console_scripts"]["chaoslab"] == "harness.cli.__main__:start"
    assert found["pytest11"] == {"harness.pytest_plugin": "harness.pytest_plugin"}
    repository.write("bank.py", BANK)
    repository.write("basket/lab.py", SMALL.replace("services.worker", "bank"))
    checked = repository.run("check", "--labs", "chaos", place=place)
    assert (checked.code, checked.out.splitlines()[-1]) == (0, "1 passed, 0 failed")
    assert "retry-storm" in repository.run("list", place=place).out
    assert repository.run("new", "x", "--labs", "chaos", place=place).code == 0
    refused = repository.run("images", "build", place=place)
    assert refused.complaint.startswith("images: containers and tests need the repository")
