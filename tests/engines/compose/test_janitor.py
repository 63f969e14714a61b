"""The janitor: what is left over is removed, and nothing that anybody still uses."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import docker
import pytest
from docker import DockerClient
from docker.errors import APIError, NotFound

from harness.engines.compose import janitor, machine, stack
from harness.engines.compose.images import reference
from harness.engines.compose.janitor import Resource, is_orphan
from harness.errors import EnvironmentNotReadyError

NOW_S = 1000.0


def owner(**changes: str) -> dict[str, str]:
    return {
        "chaoslab.run": "chaoslab-x-000000",
        "chaoslab.owner-host": socket.gethostname(),
        "chaoslab.owner-pid": str(os.getpid()),
        "chaoslab.owner-start": machine.pid_start(os.getpid()),
        "chaoslab.owner-boot": machine.boot_id(),
        "chaoslab.owner-pids": machine.pid_namespace(),
        "chaoslab.started": "900",
        "chaoslab.expires": "2000",
        **{f"chaoslab.{name.replace('_', '-')}": value for name, value in changes.items()},
    }


def gone_pid() -> str:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return str(process.pid)


def test_a_living_owner_keeps_what_it_has() -> None:
    """Another terminal's run is not touched."""
    assert not is_orphan(owner(), NOW_S)


def test_an_owner_that_is_gone_leaves_orphans() -> None:
    """No process has the pid any more."""
    assert is_orphan(owner(owner_pid=gone_pid()), NOW_S)


def test_a_reused_pid_is_no_owner() -> None:
    """The process that has the pid now began at another time."""
    assert is_orphan(owner(owner_start="1"), NOW_S)


def test_a_living_owner_keeps_what_it_has_beyond_its_time() -> None:
    """A laptop that was asleep for an hour goes on with its run."""
    assert not is_orphan(owner(expires="999"), NOW_S)


@pytest.mark.parametrize("what", ["owner_host", "owner_boot", "owner_pids"])
def test_an_owner_elsewhere_is_judged_by_the_expiry_alone(what: str) -> None:
    """Another machine, even of this one's name, or another namespace: its pids say nothing here."""
    elsewhere = {what: "elsewhere", "owner_pid": gone_pid()}
    assert not is_orphan(owner(**elsewhere), NOW_S)
    assert is_orphan(owner(**elsewhere, expires="999"), NOW_S)


def test_what_an_older_version_started_goes_when_it_has_expired() -> None:
    """Its labels do not say on which boot, or in which namespace, its process was."""
    labels = owner(owner_pid=gone_pid())
    del labels["chaoslab.owner-boot"], labels["chaoslab.owner-pids"]
    assert not is_orphan(labels, NOW_S)
    assert is_orphan(labels, 2001)


def test_expiry_is_by_the_engines_clock() -> None:
    """Two machines that share an engine may differ; each run has compared its own with that."""
    engine: Any = FakeApi()
    engine.api = engine
    engine.info = lambda: {"SystemTime": "1970-01-01T00:33:21.123456789Z"}
    row = {"Id": "c", "Names": ["/c"], "Labels": owner(owner_host="elsewhere", expires="2000")}
    engine.containers = lambda **_: [row]
    engine.networks = lambda **_: []
    engine.volumes = lambda **_: {"Volumes": None}
    assert [one.id for one in janitor.orphans(cast("DockerClient", engine))] == ["c"]
    engine.info = lambda: {"SystemTime": "1970-01-01T00:33:19Z"}
    assert janitor.orphans(cast("DockerClient", engine)) == []


@pytest.mark.parametrize("labels", [{}, {"chaoslab.run": "x"}, owner(owner_pid="none")])
def test_what_does_not_name_its_owner_stays(labels: dict[str, str]) -> None:
    """A stack that a person started by hand is that person's."""
    assert not is_orphan(labels, NOW_S)


class FakeApi:
    """An engine's API that refuses the first `busy` removals."""

    def __init__(self, *, busy: int = 0, gone: bool = False) -> None:
        self.removed: list[str] = []
        self._busy = busy
        self._gone = gone

    def _remove(self, name: str, **_: object) -> None:
        if self._gone:
            raise NotFound(name)
        if self._busy:
            self._busy -= 1
            raise APIError("in use")
        self.removed.append(name)

    remove_container = remove_network = remove_volume = _remove


def client(api: FakeApi) -> DockerClient:
    class Client:
        pass

    fake: Any = Client()
    fake.api = api
    return cast("DockerClient", fake)


FOUND = [
    Resource(kind=kind, id=kind[0], name=kind, labels={})
    for kind in ("volume", "network", "container")
]


def test_containers_go_before_what_they_use() -> None:
    """Networks and volumes cannot be removed while a container is there."""
    api = FakeApi()
    janitor.remove(client(api), FOUND)
    assert api.removed[0] == "c"
    assert sorted(api.removed) == ["c", "n", "v"]


def test_a_refused_removal_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network has endpoints for a moment after its last container went."""
    monkeypatch.setattr(janitor, "RETRY_S", 0)
    api = FakeApi(busy=4)
    janitor.remove(client(api), FOUND)
    assert sorted(api.removed) == ["c", "n", "v"]


def test_what_is_gone_already_counts_as_removed() -> None:
    """Two janitors at once do not fail each other."""
    janitor.remove(client(FakeApi(gone=True)), FOUND)


def test_what_cannot_be_removed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is left and the command that tries again."""
    monkeypatch.setattr(janitor, "REMOVAL_LIMIT_S", 0)
    with pytest.raises(EnvironmentNotReadyError, match=r"could not remove .*volume.*lab clean"):
        janitor.remove(client(FakeApi(busy=1000)), FOUND)


@pytest.mark.parametrize("kind", ["container", "network", "volume"])
def test_a_network_that_cannot_be_removed_keeps_nobody_from_running(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """It is told; a container or a volume that stays is an error, for it may be in the way."""
    left = [Resource(kind=kind, id="x", name="left", labels={})]
    monkeypatch.setattr(janitor, "ROOM_LIMIT_S", 0)
    monkeypatch.setattr(janitor, "orphans", lambda _: left)
    if kind == "network":
        janitor.make_room(client(FakeApi(busy=1000)))
        said = "could not remove network left: run ./lab clean, or start the Docker engine again"
        assert caplog.messages == [said]
    else:
        with pytest.raises(EnvironmentNotReadyError, match=f"could not remove {kind} left"):
            janitor.make_room(client(FakeApi(busy=1000)))


@pytest.mark.parametrize("kind", ["container", "network", "volume"])
def test_a_network_that_stays_takes_no_run_s_result(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path, kind: str
) -> None:
    """What was measured on it is none the worse; what else stays ends the command."""
    left = [Resource(kind=kind, id="x", name="left", labels={})]
    monkeypatch.setattr(janitor, "REMOVAL_LIMIT_S", 0)
    monkeypatch.setattr(stack, "SETTLE_LIMIT_S", 0)
    monkeypatch.setattr(janitor, "resources", lambda *_: left)
    run = stack.Stack(client(FakeApi(busy=1000)), stack.owner_of("x", 60), "", tmp_path / "logs")
    if kind == "network":
        with run:
            pass
        said = "could not remove network left: run ./lab clean, or start the Docker engine again"
        assert caplog.messages == [said]
    else:
        with pytest.raises(EnvironmentNotReadyError, match=f"could not remove {kind} left"), run:
            pass


@pytest.fixture
def real() -> Iterator[DockerClient]:
    with closing(docker.from_env()) as connected:
        yield connected


def idle(client: DockerClient, name: str, labels: Mapping[str, str]) -> str:
    container = client.containers.run(
        reference("base"),
        ["sleep", "60"],
        name=f"{name}-{os.getpid()}",
        labels=dict(labels),
        detach=True,
    )
    return str(container.name)


@pytest.mark.compose
def test_a_sweep_takes_orphans_and_leaves_bystanders(real: DockerClient) -> None:
    """Names do not matter, labels do: a dead owner's goes, a living one's and a stranger's stay."""
    living = {**owner(), "chaoslab.expires": "99999999999"}
    dead = {**living, "chaoslab.owner-pid": gone_pid()}
    names = {
        "orphan": idle(real, "chaoslab-retry-storm-0a1b2c-checkout", dead),
        "living": idle(real, "chaoslab-retry-storm-3d4e5f-checkout", living),
        "bystander": idle(real, "chaoslab-retry-storm-mine-checkout", {}),
    }
    network = real.networks.create(f"orphan-{os.getpid()}", labels=dead)
    volume = real.volumes.create(f"orphan-{os.getpid()}", labels=dead)
    try:
        swept = janitor.sweep()
        left = {container.name for container in real.containers.list(all=True)}
        assert {one for one in names.values() if one in left} == {
            names["living"],
            names["bystander"],
        }
        assert {f"container {names['orphan']}", f"network {network.name}"} <= set(swept)
        assert f"volume {volume.name}" in swept
    finally:
        for name in names.values():
            for found in real.containers.list(all=True, filters={"name": f"^{name}$"}):
                found.remove(force=True)


def test_a_process_that_nobody_has_asked_how_it_ended_is_gone() -> None:
    """Its parent may be busy, or dead, while the next run wants to remove what it has left."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{ended.pid}").exists()
        assert machine.pid_start(ended.pid) == ""
    assert machine.pid_start(os.getpid()) != ""
