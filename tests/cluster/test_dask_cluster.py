"""The same work on a Dask scheduler and its workers, all started on loopback for these tests."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.__main__ import STOPPED, main
from harness.cluster import client
from harness.errors import EnvironmentNotReadyError, ExitCode
from tests.cluster.cluster_jobs import (
    Seen,
    complain,
    fail,
    fail_strangely,
    look,
    look_or_die,
    look_slowly,
    never,
)
from tests.cluster.started_cluster import ROOT, Started, awaited, is_gone, lab, said, started

LAB = "backoff-jitter"
"""A quick one."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with started(tmp_path_factory.mktemp("cluster"), 2) as there:
        yield there


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def opened(cluster: Started, told: list[str]) -> Iterator[client.Cluster]:
    with client.opened(cluster.address, told.append) as there:
        yield there


def results(path: Path) -> list[str]:
    """Give a file's results in the order of their jobs, but for when and how long they ran."""
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    timeless = [{**one, "began": "", "took_s": 0} for one in lines]
    timeless.sort(key=lambda one: (one["slug"], one["seed"]))
    return [json.dumps(head), *map(json.dumps, timeless)]


def test_a_check_gives_the_same_results_to_the_byte(
    cluster: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever hash seed the workers were started with; only the times differ."""
    paths = [tmp_path / "there.jsonl", tmp_path / "here.jsonl"]
    asked = ["check", LAB, "--seeds", "2", "--results"]
    assert main([*asked, str(paths[0]), "--on", cluster.address]) is ExitCode.AS_EXPECTED
    there = capsys.readouterr()
    assert main([*asked, str(paths[1]), "--jobs", "1"]) is ExitCode.AS_EXPECTED
    assert capsys.readouterr() == there
    assert len(results(paths[0])) == 1 + 2
    assert results(paths[0]) == results(paths[1])


def test_a_sweep_finds_the_same_to_the_byte(
    cluster: Started,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its map, and its table, of which nothing was known before."""
    asked = ["sweep", LAB, "--vary", "load.1.rate_rps=1,2", "--measure", "goodput_rps(1, 4)"]
    found = []
    for place, where in (("there", ["--on", cluster.address]), ("here", ["--jobs", "1"])):
        monkeypatch.setattr("harness.store.RUNS", tmp_path / place)
        table = tmp_path / f"{place}.csv"
        more = ["--variant", "steady", "--seeds", "2", "--no-report", "--csv", str(table)]
        assert main([*asked, *more, *where]) is ExitCode.AS_EXPECTED
        found.append((capsys.readouterr().out, table.read_bytes()))
    assert found[0] == found[1]
    assert found[0][1].count(b"\n") > 4


def test_the_swarm_counts_each_plan_once(
    cluster: Started,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As here."""
    monkeypatch.setattr("harness.cli.cmd_swarm.BATCH", 1)
    asked = ["swarm", "--plans", "3", "--keep", str(tmp_path)]
    assert main([*asked, "--on", cluster.address]) is ExitCode.AS_EXPECTED
    said = capsys.readouterr()
    assert said.out.startswith("3 plans from seed 1 on hold; ")
    assert not said.err


def test_a_job_runs_in_a_process_of_its_own(opened: client.Cluster, cluster: Started) -> None:
    """In none of Dask's, whose threads need the real clock; texts hash as with ./lab."""
    seen = list(opened.spread(range(6), look, lambda _: None, lost=never))
    assert {one.worker_pid for one in seen} <= cluster.pids()
    assert {(one.root, one.hash_seed) for one in seen} == {(ROOT, "0")}


def test_a_lost_worker_loses_nothing(opened: client.Cluster, cluster: Started) -> None:
    """Killed half-way: the other does its jobs, each counts once, and its process is gone."""
    finished: list[Seen] = []
    spread = opened.spread(range(12), look_slowly, finished.append, lost=never)
    seen = [next(spread), next(spread)]
    victim = seen[1]
    os.kill(victim.worker_pid, signal.SIGKILL)
    seen += spread
    assert [one.number for one in seen] == list(range(12))
    assert sorted(one.number for one in finished) == list(range(12))
    awaited(lambda: is_gone(victim.pid), "the end of the lost worker's process")
    cluster.await_workers(2)  # Dask's nanny starts another


def test_a_job_that_kills_its_process_is_lost_alone(opened: client.Cluster) -> None:
    """The worker lives on, and so do the other jobs."""
    made = look(-1)
    seen = list(opened.spread(range(4), look_or_die, lambda _: None, lost=lambda _: made))
    assert [one.number for one in seen] == [0, -1, 2, 3]


def test_a_bug_comes_back_with_where_it_was(opened: client.Cluster) -> None:
    """As from a process of this machine."""
    with pytest.raises(ZeroDivisionError, match="of job 0") as raised:
        list(opened.spread([0], fail, lambda _: None, lost=never))
    assert "cluster_jobs.py" in "".join(raised.value.__notes__)
    with pytest.raises(RuntimeError, match="TwoWordsError: job 0"):
        list(opened.spread([0], fail_strangely, lambda _: None, lost=never))


def test_what_services_complain_of_is_heard(opened: client.Cluster, told: list[str]) -> None:
    """Once, as from a run on this machine."""
    list(opened.spread(range(3), complain, lambda _: None, lost=never))
    assert told == ["out of ink (said once)"]


def test_who_stops_half_way_leaves_nothing_there(opened: client.Cluster, cluster: Started) -> None:
    """What is queued is cancelled."""
    spread = opened.spread(range(50), look_slowly, lambda _: None, lost=never)
    next(spread)
    assert cluster.tasks()
    spread.close()
    awaited(lambda: not cluster.tasks(), "no job")


def test_ctrl_c_ends_a_check_and_its_jobs(cluster: Started, tmp_path: Path) -> None:
    """With exit code 130, one line, and nothing left on the scheduler."""
    file = str(tmp_path / "results.jsonl")
    check = lab("check", LAB, "--seeds", "99", "--on", cluster.address, "--results", file)
    try:
        awaited(cluster.tasks, "a job")
        os.killpg(check.pid, signal.SIGINT)
        code, _, err = said(check)
    finally:
        check.kill()
    assert (code, err.strip()) == (130, f"chaoslab: {STOPPED}")
    awaited(lambda: not cluster.tasks(), "no job")


def copied(folder: Path) -> Path:
    """Copy this tree's code, and what these tests have workers do."""
    for name in ("harness", "services", "labs", "tests/cluster"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def test_a_worker_of_another_tree_gets_no_job(cluster: Started, tmp_path: Path) -> None:
    """One that changes after its start is refused too; what it has done then is done again."""
    tree = copied(tmp_path / "tree")
    process = cluster.start(cluster.printed(tree)[1])
    try:
        cluster.await_workers(3)
        told: list[str] = []
        with client.opened(cluster.address, told.append) as there:
            seen = list(there.spread(range(6), look_slowly, lambda _: None, lost=never))
            assert {one.root for one in seen} == {ROOT, tree}
            assert not told

            relay = tree / "services" / "relay.py"
            relay.write_text(relay.read_text() + "# changed\n")
            seen = list(there.spread(range(6), look_slowly, lambda _: None, lost=never))
            assert {one.root for one in seen} == {ROOT}
        cluster.await_workers(3)  # Dask's nanny starts it anew, with its changed tree
        with client.opened(cluster.address, told.append) as there:
            seen = list(there.spread(range(6), look_slowly, lambda _: None, lost=never))
            assert {one.root for one in seen} == {ROOT}
            (line,) = told
            assert " is refused: harness and services is " in line
    finally:
        cluster.end(process)
        cluster.await_workers(2)


def test_workers_that_are_all_refused(cluster: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is named with what differs, and the command ends."""
    told: list[str] = []
    monkeypatch.setattr("harness.cluster.tree.PACKAGES", ("aiohttp", "numpy"))
    with (
        pytest.raises(EnvironmentNotReadyError, match="no worker has this tree"),
        client.opened(cluster.address, told.append),
    ):
        pytest.fail("it was opened")
    assert len(told) == 2
    assert all(" is refused: numpy is unknown, here " in line for line in told)
