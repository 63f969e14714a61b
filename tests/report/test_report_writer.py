"""The report is written in another process or in this one, and what goes wrong is heard."""

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness import catalogue, runner
from harness.cli import report_writer
from harness.engines.sim.engine import SimEngine
from harness.result import Result

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def result() -> Result:
    entry = catalogue.find("littles-law")
    chosen = entry.lab.variants[:1]
    return runner.run(entry, chosen, 1, [SimEngine()], runner.unwatched)


def test_another_process_writes_the_same(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page and picture are there after the block, the same to the byte."""
    found = []
    for forks in (False, True):
        monkeypatch.setattr(report_writer, "may_fork", lambda forks=forks: forks)
        folder = tmp_path / str(forks)
        folder.mkdir()
        with report_writer.writing(result, folder, WHEN):
            pass
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert found[0] == found[1]
    assert {"report.html", "picture.png"} <= set(found[0])


@pytest.mark.parametrize("forks", [False, True])
def test_a_folder_that_is_gone_is_an_error(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, forks: bool
) -> None:
    """What the other process meets is raised here, and no process is left."""
    monkeypatch.setattr(report_writer, "may_fork", lambda: forks)
    with (
        pytest.raises(FileNotFoundError),
        report_writer.writing(result, tmp_path / "gone", WHEN),
    ):
        pass
    assert multiprocessing.active_children() == []
