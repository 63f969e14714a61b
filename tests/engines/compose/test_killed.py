"""SIGKILL at any moment: what a run leaves then, the next start removes, and nothing else."""

from pathlib import Path

import pytest
from docker import DockerClient

from harness.engines.compose.images import reference
from tests.engines.compose.killed import (
    Moment,
    bystanders,
    checkout,
    kill,
    living,
    moments,
    present,
)

PHASES = ("making the images ready", "starting containers", "removing")
"""The quickest and the slowest; `python -m benchmarks.killed` goes through all, and more often."""
MOMENTS = [one for one in moments(count=7, seed=4) if one.phase in PHASES]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    checkout(folder)
    return folder


@pytest.mark.compose
@pytest.mark.parametrize("moment", MOMENTS, ids=[one.phase for one in MOMENTS])
def test_the_next_start_removes_what_a_killed_run_has_left(
    client: DockerClient, root: Path, moment: Moment
) -> None:
    """Containers, networks, volumes, processes, half of a run's folder: be it `clean` or a run."""
    outcome = kill(client, root, moment)
    assert outcome.code == -9
    assert outcome.left
    assert outcome.left_at_last == []


@pytest.mark.compose
def test_strangers_and_the_living_survive_it(
    client: DockerClient, root: Path, tmp_path: Path
) -> None:
    """A stranger's things with names like ours, and a run of another terminal."""
    other = tmp_path / "other"
    moment = Moment(phase="loading", after_s=0.1, next_start=("clean",))
    with bystanders(client, reference("base")) as names, living(client, other) as lives:
        assert kill(client, root, moment).left_at_last == []
        assert lives()
        assert present(client, names) == names
