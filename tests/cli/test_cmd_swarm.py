"""`./lab swarm`: what it prints, what it leaves, and how it ends."""

import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import cmd_swarm
from harness.engines.sim.link import SimLink
from harness.errors import ExitCode
from harness.swarm.draw import drawn
from harness.swarm.trial import failure


def swarm(*arguments: str) -> Result:
    return CliRunner().invoke(cmd_swarm.command, arguments, standalone_mode=False)


def test_plans_that_hold_are_counted(tmp_path: Path) -> None:
    """With the first seed and the pace; nothing is written."""
    result = swarm("--plans", "3", "--seed", "5", "--jobs", "1", "--keep", str(tmp_path))
    assert result.return_value is ExitCode.AS_EXPECTED, result.output
    assert result.output.startswith("3 plans from seed 5 on hold; ")
    assert not list(tmp_path.iterdir())


def test_processes_share_the_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each plan once, whoever tries it."""
    monkeypatch.setattr(cmd_swarm, "BATCH", 1)
    result = swarm("--plans", "4", "--jobs", "2", "--keep", str(tmp_path))
    assert result.output.startswith("4 plans from seed 1 on hold; ")


def test_a_failure_is_shrunk_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first seed that fails is named, with its kind, its nearest run and a way to replay it."""

    def bad(self: SimLink, name: str) -> None:
        self.toxics.pop(name, None)

    monkeypatch.setattr(SimLink, "remove", bad)
    seed = next(seed for seed in range(60) if failure(drawn(seed)))
    result = swarm("--plans", "2", "--seed", str(seed), "--jobs", "1", "--keep", str(tmp_path))
    assert result.return_value is ExitCode.EXPECTATION_FAILED
    for said in (
        f"seed {seed} fails: ",
        "shrunk from ",
        "bug",
        "the nearest run that passes: ",
        f"replay: ./lab swarm --seed {seed} --plans 1",
    ):
        assert said in result.output
    (path,) = tmp_path.iterdir()
    assert f"written as a test: {path}" in result.output
    assert runpy.run_path(str(path))["SCENARIO"].seed == seed


def test_time_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No plan is begun after it; a second that is over at once leaves none."""
    clock = iter([0.0, 0.5, 0.5, 2.0])
    monkeypatch.setattr("harness.cli.cmd_swarm.time.monotonic", lambda: next(clock, 3.0))
    result = swarm("--seconds", "1", "--jobs", "1", "--keep", str(tmp_path))
    assert result.output.startswith("1 plans from seed 1 on hold; ")
