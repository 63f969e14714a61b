"""Commands that look after the checkout: clean, doctor, test."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli import cmd_clean, cmd_doctor, cmd_test
from harness.engines.compose import client as engine_client
from harness.engines.compose import images, inventory
from tests.cli.workshop import Workshop

NOTHING = "containers not looked at: no Docker engine answers"


def ran(shop: Workshop) -> None:
    shop.write()
    shop.run("run", "small", "--engine", "sim", "--no-report", "--variant", "calm")
    assert len(shop.kept()) == 1


def test_clean_leaves_runs_alone(shop: Workshop) -> None:
    """Without --runs no recording is touched; without an engine that is said, and no failure."""
    ran(shop)
    outcome = shop.run("clean")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(NOTHING)
    assert len(shop.kept()) == 1


def test_clean_removes_runs_on_demand(shop: Workshop) -> None:
    """All recordings go, and the count is told; the half of a run that died is told apart."""
    ran(shop)
    (shop.runs / "small" / ".2026-01-01T00-00-00").mkdir()
    removed = shop.run("clean", "--runs").out
    assert "removed half of a run, small/.2026-01-01T00-00-00" in removed
    assert "removed 1 recorded runs" in removed
    assert shop.kept() == []
    assert "removed 0 recorded runs" in shop.run("clean", "--runs").out


def test_clean_follows_a_runs_folder_that_is_elsewhere(shop: Workshop) -> None:
    """A link to a larger disk stays a link; what lies behind it goes."""
    ran(shop)
    elsewhere = shop.runs.rename(shop.root / "large-disk")
    shop.runs.symlink_to(elsewhere)
    assert "removed 1 recorded runs" in shop.run("clean", "--runs").out
    assert shop.runs.is_symlink()
    assert list(elsewhere.glob("*/*")) == []


def test_clean_says_what_it_removed(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each container, network and volume is named; with none of them that is said."""
    monkeypatch.setattr(cmd_clean, "unreachable", lambda: None)
    monkeypatch.setattr(cmd_clean, "sweep", lambda: ["container a", "network b"])
    assert shop.run("clean").out == "removed container a\nremoved network b\n"
    monkeypatch.setattr(cmd_clean, "sweep", list)
    assert "nothing was left behind" in shop.run("clean").out


def test_clean_says_how_much_images_freed(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each removed image is named; what containers use is counted, and the build cache told."""
    client = SimpleNamespace(df=lambda: {"BuildCache": [{"Size": 7_000_000}]})
    monkeypatch.setattr(cmd_clean, "engine", lambda: nullcontext(client))
    gone = (["chaoslab/load:0123456789ab"], 42_000_000)
    monkeypatch.setattr(inventory, "remove_others", lambda _: gone)
    monkeypatch.setattr(inventory, "others", lambda _: ["chaoslab/load:ba9876543210"])
    assert shop.run("clean", "--images").out.splitlines()[1:] == [
        "removed image chaoslab/load:0123456789ab",
        "removed 1 images, 42 MB freed",
        "left 1 images that containers use",
        "the engine's build cache has 7 MB: docker builder prune",
    ]


def test_doctor_says_what_is_missing(shop: Workshop) -> None:
    """Without an engine the exit code is 2, and the mend is told under the finding."""
    shop.write()
    outcome = shop.run("doctor")
    assert (outcome.code, outcome.err) == (2, "")
    assert "✓ Python" in outcome.out
    assert "✓ labs         1 in the repository" in outcome.out
    assert "✗ containers   labs can only be simulated\n               no Docker" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert outcome.out.endswith("\n1 to mend\n")


def test_doctor_finds_nothing(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that is needed the exit code is 0."""
    monkeypatch.setattr(cmd_doctor, "why_not", lambda: None)
    monkeypatch.setattr(cmd_doctor, "FREE_GB", 0)
    monkeypatch.delenv("DOCKER_HOST")
    shop.write()
    outcome = shop.run("doctor")
    assert outcome.code == 0
    assert outcome.out.endswith("\nall is well\n")


@pytest.mark.parametrize(
    ("host", "name", "options", "said"),
    [
        ("unix:///x.sock", "Engine", [], "Docker 1.2 at unix:///x.sock (DOCKER_HOST)"),
        ("unix:///x.sock", "Engine", ["name=rootless"], "rootless Docker 1.2 at unix:///x.sock"),
        ("tcp://10.0.0.1:2375", "Engine", [], "through its API alone, and Grafana cannot"),
        (
            "unix:///x.sock",
            "Podman Engine",
            [],
            "Podman 1.2 answers, and labs do not run on Podman",
        ),
    ],
)
def test_doctor_names_the_engine(  # noqa: PLR0913 - four of an engine
    shop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    name: str,
    options: list[str],
    said: str,
) -> None:
    """What answers and where, and which of that has not been tried or does not work."""
    client = SimpleNamespace(
        version=lambda: {"Version": "1.2", "Components": [{"Name": name}]},
        info=lambda: {"SecurityOptions": options},
    )
    monkeypatch.setenv("DOCKER_HOST", host)
    for module in (engine_client, cmd_doctor):
        monkeypatch.setattr(module, "engine", lambda: nullcontext(client))
    for problem in ("_plugin_problem", "_image_problem"):
        monkeypatch.setattr(engine_client, problem, lambda *_: None)
    monkeypatch.setattr(cmd_doctor, "FREE_GB", 0)
    shop.write()
    outcome = shop.run("doctor")
    assert said in " ".join(outcome.out.split())
    assert (outcome.code == 0) == ("Podman" not in name)
    untested = "rootless" in said
    assert ("untested" in outcome.out) == untested


def test_doctor_says_how_old_the_images_packages_are() -> None:
    """And from a month on, what brings their security updates."""
    day = datetime.strptime(images.snapshot(), "%Y%m%d").replace(tzinfo=UTC)
    assert cmd_doctor.age(day + timedelta(days=30)).endswith(", 30 days old")
    assert cmd_doctor.age(day + timedelta(days=31)).endswith(
        "31 days old; ./lab images build --refresh brings security updates"
    )


def test_doctor_names_a_lab_that_is_wrong(shop: Workshop) -> None:
    """A lab that cannot be loaded is told with its file."""
    shop.change(("LAB =", "BAL ="))
    outcome = shop.run("doctor")
    assert outcome.code == 2
    assert "✗ labs         1 lab cannot be used; 1 are there" in outcome.out
    assert "labs/trial/small/lab.py: defines no LAB" in outcome.out


def test_doctor_sees_a_full_disk(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is a finding, with the command that makes some."""
    monkeypatch.setattr(cmd_doctor, "FREE_GB", 1e9)
    outcome = shop.run("doctor")
    assert outcome.code == 2
    assert "make room, or ./lab clean --runs" in outcome.out


@dataclass
class Tools:
    """Stands in for the tools that `./lab test` calls; some of them fail."""

    failing: Sequence[str] = ()
    code: int = 1
    calls: list[list[str]] = field(default_factory=list)

    def run(self, command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[:2] == [sys.executable, "-m"]
        self.calls.append(list(command[2:]))
        code = self.code if command[2] in self.failing else 0
        listed = "tests/test_a.py::test_one\ntests/test_a.py::test_two\n\n2 tests\n"
        return subprocess.CompletedProcess(command, code, stdout=listed)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    made = Tools()
    monkeypatch.setattr(subprocess, "run", made.run)
    monkeypatch.setattr(cmd_test, "why_not_browser", lambda: "")
    for required in (cmd_test.REQUIRED, cmd_test.REQUIRED_BROWSER):
        monkeypatch.delenv(required, raising=False)
    return made


def test_test_runs_all_tools_and_says_what_was_left_out(shop: Workshop, tools: Tools) -> None:
    """Without an engine the Compose tests are counted and left out; arguments go to pytest."""
    outcome = shop.run("test", "--", "-k", "worker")
    assert (outcome.code, outcome.err) == (0, "")
    assert [call[0] for call in tools.calls] == ["ruff", "ruff", "mypy", *(3 * ["pytest"])]
    assert tools.calls[4][:3] == ["pytest", "-m", "browser and not compose"]
    assert all("-k" in call for call in tools.calls[3:])
    assert "2 Compose tests were left out: no Docker engine answers" in outcome.out
    assert outcome.out.endswith("all checks passed\n")


def test_test_goes_on_after_a_failure(shop: Workshop, tools: Tools) -> None:
    """Every tool runs, and those that failed are named at the end."""
    tools.failing = ("ruff", "mypy")
    outcome = shop.run("test")
    assert outcome.code == 1
    assert [call[0] for call in tools.calls][:4] == ["ruff", "ruff", "mypy", "pytest"]
    assert outcome.out.endswith("failed: ruff, ruff, mypy\n")


def test_test_of_nothing_is_no_failure(shop: Workshop, tools: Tools) -> None:
    """An argument may leave pytest without a test, as `-k` for a name of Compose tests does."""
    tools.failing, tools.code = ("pytest",), cmd_test.NOTHING_COLLECTED
    assert shop.run("test").code == 0


def test_test_measures_where_an_engine_answers(
    shop: Workshop, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an engine the Compose tests run last, and nothing is left out."""
    monkeypatch.setattr(cmd_test, "why_not", lambda: None)
    outcome = shop.run("test")
    assert outcome.code == 0
    assert tools.calls[-1] == ["pytest", "-m", "compose"]
    assert "left out" not in outcome.out


def test_test_says_which_browser_is_missing(
    shop: Workshop, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none can be driven, those tests are counted and left out."""
    monkeypatch.setattr(cmd_test, "why_not_browser", lambda: "no Chromium was found")
    outcome = shop.run("test")
    assert outcome.code == 0
    assert "2 browser tests were left out: no Chromium was found" in outcome.out
    assert ["pytest", "-m", "browser"] not in tools.calls


def test_test_may_require_an_engine(
    shop: Workshop, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a CI job that must measure, no engine is a failure before anything runs."""
    monkeypatch.setenv(cmd_test.REQUIRED, "1")
    outcome = shop.run("test")
    assert outcome.code == 2
    assert outcome.complaint.startswith("CHAOSLAB_REQUIRE_ENGINE is set, and no Docker engine")
    assert tools.calls == []


def test_test_may_require_a_browser(
    shop: Workshop, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CI does: a browser that is missing there is a failure, and no line at the end of a log."""
    monkeypatch.setattr(cmd_test, "why_not_browser", lambda: "no Chromium was found")
    monkeypatch.setenv(cmd_test.REQUIRED_BROWSER, "1")
    outcome = shop.run("test")
    assert outcome.code == 2
    wanted = "CHAOSLAB_REQUIRE_BROWSER is set, and no Chromium"
    assert outcome.complaint.startswith(wanted)
    assert tools.calls == []


def test_test_looks_for_mutants_at_night(shop: Workshop, tools: Tools) -> None:
    """As one more step, which can fail like the others, and by day not at all."""
    assert shop.run("test").code == 0
    assert ["tests.mutation"] not in tools.calls
    assert shop.run("test", "--nightly", "--", "-k", "worker").code == 0
    kernel = ["tests.mutation", "--kernel", "--count", "120"]
    assert [call for call in tools.calls if call[0] == "tests.mutation"] == [
        ["tests.mutation"],
        kernel,
    ]
    assert ["tests.peers"] in tools.calls
    tools.failing = ("tests.mutation",)
    outcome = shop.run("test", "--nightly")
    assert outcome.code == 1
    assert outcome.out.endswith("failed: tests.mutation, tests.mutation\n")
