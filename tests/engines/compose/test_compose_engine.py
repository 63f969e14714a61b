"""The container engine end to end: what it records, what it leaves, how it fails."""

import gc
import json
import math
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from harness.conductor import conductor
from harness.engines.compose import janitor
from harness.engines.compose.client import why_not
from harness.engines.compose.engine import ComposeEngine
from harness.engines.compose.images import reference
from harness.engines.compose.render import compose_yaml
from harness.engines.sim.engine import SimEngine
from harness.errors import ChaoslabError, LabError
from harness.model import during
from harness.model.fault import HostState, Kill, System
from harness.model.toxic import Down
from harness.recording import FaultRecord, Recording, SeriesKey
from labs.cascades.retry_storm.lab import LAB
from tests.engines.compose.runs import (
    LIMIT_S,
    SEED,
    SHORT,
    Watcher,
    left_by_this_process,
    measure,
    of_this_process,
    plan,
)


@dataclass
class Measured:
    recording: Recording
    watcher: Watcher
    folder: Path
    containers: list[dict[str, Any]]
    left: list[janitor.Resource]


@pytest.fixture(scope="module")
def measured(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    containers: list[dict[str, Any]] = []

    def look() -> None:
        found = [one for one in of_this_process(client) if one.kind == "container"]
        containers.extend(client.api.inspect_container(one.id) for one in found)

    folder = tmp_path_factory.mktemp("run")
    watcher = Watcher(look)
    recording = measure(SHORT, folder, watcher)
    return Measured(recording, watcher, folder, containers, left_by_this_process(client))


pytestmark = pytest.mark.compose


def test_every_arrival_of_the_seed_is_a_request(measured: Measured) -> None:
    """The same as in the simulation, each sent when it was due and ended in some way."""
    drawn = list(SHORT.load.arrivals(SEED, SHORT.duration_s))
    requests = measured.recording.requests
    assert [(one.number, one.intended_s, one.path, one.method, one.to) for one in requests] == [
        one[:5] for one in drawn
    ]
    assert all(one.sent_s >= one.intended_s for one in requests)
    assert all(one.status in {"200", "504", "502"} for one in requests)


def test_the_fault_is_seen_and_gone_and_bites(measured: Measured) -> None:
    """While the callee is frozen nothing good comes, and before it nearly everything is good."""
    (fault,) = measured.recording.faults
    assert 2 <= fault.requested_s <= fault.applied_s <= fault.seen_s
    assert 4 <= fault.removal_s <= fault.removed_s < SHORT.duration_s
    before = measured.recording.between(0, 1.5)
    during_it = measured.recording.between(fault.seen_s, fault.removal_s - 0.6)
    assert sum(one.good for one in before) >= 0.95 * len(before)
    assert [one.good for one in during_it] == [False] * len(during_it) != []


def test_the_observer_hears_every_second(measured: Measured) -> None:
    """With the good answers that came in it."""
    assert list(measured.watcher.good) == [0, 1, 2, 3, 4, 5]
    answers = [int(one.answered_s) for one in measured.recording.requests if one.good]
    assert measured.watcher.good[0] == answers.count(0) > 0
    (fault,) = measured.recording.faults
    frozen = range(math.ceil(fault.seen_s), math.floor(fault.removal_s))
    assert [measured.watcher.good[second] for second in frozen] == [0] * len(frozen)


def test_spans_join_from_the_load_to_the_last_callee(measured: Measured) -> None:
    """Each attempt has the caller's span and below it the callee's, in seconds of the run."""
    spans = {span.span: span for span in measured.recording.spans}
    attempts = [span for span in spans.values() if span.kind == "client"]
    assert len(attempts) == len(measured.recording.requests)
    served = [one for one in spans.values() if (one.kind, one.callee) == ("server", "payments")]
    assert served
    for span in served:
        attempt = spans[span.parent]
        assert (attempt.caller, attempt.callee, attempt.trace) == (
            "checkout",
            "payments",
            span.trace,
        )
        assert 0 <= attempt.start_s <= span.start_s <= span.end_s
    ends = [span.end_s for span in measured.recording.spans]
    assert ends == sorted(ends)


def test_series_have_the_form_of_the_simulation(measured: Measured) -> None:
    """The same keys, a value a second, and a gap where the frozen host could not be scraped."""
    recording = measured.recording
    simulated = SimEngine().run(plan(SHORT), conductor(SHORT.faults, 6), Watcher())
    assert {
        key for key in simulated.series if "status" not in key.labels
    } <= recording.series.keys()
    assert {len(values) for values in recording.series.values()} == {7}
    seconds = recording.series[SeriesKey("payments", "request_seconds_count", "")]
    assert math.isnan(seconds[3])
    assert not math.isnan(seconds[1])
    assert seconds[6] > seconds[1]
    steady = recording.series[SeriesKey("checkout", "request_seconds_count", "")]
    assert not any(map(math.isnan, steady))


def test_series_are_complete_from_second_0_on(measured: Measured) -> None:
    """Prometheus has its targets only later; what it missed was scraped beside it."""
    begun = [
        values
        for key, values in measured.recording.series.items()
        if key.host == "checkout" and (not key.labels or key.labels.startswith("le="))
    ]
    assert len(begun) > 10
    assert not any(math.isnan(value) for values in begun for value in values)
    frozen = measured.recording.series[SeriesKey("payments", "request_seconds_count", "")]
    assert [math.isnan(value) for value in frozen[:2]] == [False, False]


def test_the_last_second_has_a_sample_of_its_own(measured: Measured) -> None:
    """It is read back as soon as it is there, and not before: what came since still counts."""
    counted = measured.recording.series[SeriesKey("checkout", "request_seconds_count", "")]
    assert counted[6] > counted[5]


def test_what_toxiproxy_tells_is_recorded(measured: Measured) -> None:
    """Its byte counters, which move when connections close, as callers do that give up."""
    told = {
        key: values
        for key, values in measured.recording.series.items()
        if key.host == "toxiproxy" and 'proxy="checkout->payments"' in key.labels.split(",")
    }
    sent = [key for key in told if key.metric == "toxiproxy_proxy_sent_bytes_total"]
    assert any('direction="upstream"' in key.labels.split(",") for key in sent)
    assert all(told[key][-1] > 0 for key in sent)
    assert not any(key.metric.startswith("go_") for key in measured.recording.series)


def test_prometheus_data_can_be_kept_and_opened(client: DockerClient, tmp_path: Path) -> None:
    """Another Prometheus finds the run's series in the folder, those of its first seconds too."""
    lab = replace(LAB, duration_s=3, faults=())
    engine = ComposeEngine(tmp_path, keep_prometheus=True)
    recording = engine.run(plan(lab), conductor((), lab.duration_s), Watcher())
    kept = tmp_path / "prometheus" / "no-retry" / "tsdb"
    assert (kept / "wal").is_dir()
    serve = "cp -r /kept /tmp && exec prometheus --config.file=/dev/null --log.level=warn"
    container = client.containers.run(
        reference("prometheus"),
        ["-c", f"{serve} --storage.tsdb.path=/tmp/kept"],
        entrypoint=["sh"],
        user="0",
        network_mode="none",
        volumes={str(kept): {"bind": "/kept", "mode": "ro"}},
        detach=True,
    )
    try:
        code, said = container.exec_run(["python3", "-c", COUNTED])
    finally:
        container.remove(force=True)
    assert code == 0, said
    values = recording.series[SeriesKey("checkout", "request_seconds_count", "")]
    told = json.loads(said if isinstance(said, bytes) else b"".join(said))
    assert told["first"] <= values[0]
    assert told["last"] >= values[-1] > 0
    assert left_by_this_process(client) == []


COUNTED = """
import json, time, urllib.request, urllib.parse
query = 'request_seconds_count{instance="checkout"}[1h]'
url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": query})
for _ in range(100):
    try:
        found = json.load(urllib.request.urlopen(url, timeout=5))["data"]["result"]
        break
    except OSError:
        time.sleep(0.1)
values = [float(value) for _, value in found[0]["values"]]
print(json.dumps({"first": values[0], "last": max(values)}))
"""


def test_nothing_is_left_but_the_folder(measured: Measured) -> None:
    """No container, network or volume; the Compose file and every log are kept."""
    assert measured.left == []
    kept = {path.name for path in (measured.folder / "logs" / "no-retry").iterdir()}
    logs = {f"{name}.log" for name in ("checkout", "payments", "toxiproxy", "prometheus", "load")}
    assert kept == {"compose.yaml", *logs}


def test_running_containers_are_as_hard_as_the_file_says(measured: Measured) -> None:
    """What the engine made of it: seen on the containers themselves."""
    assert len(measured.containers) == 5
    for container in measured.containers:
        host = container["HostConfig"]
        assert container["Config"]["User"] == "10001:10001"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert 0 < host["Memory"] <= 256 * 2**20
        assert 0 < host["PidsLimit"] <= 256
        assert not host["Binds"] or all(not bind.startswith("/") for bind in host["Binds"])
        for published in container["NetworkSettings"]["Ports"].values():
            assert all(one["HostIp"] == "127.0.0.1" for one in published or ())


def test_compose_accepts_the_file_from_standard_input(client: DockerClient) -> None:
    """As `./lab compose NAME | docker compose -f - config` would."""
    del client
    done = subprocess.run(
        ["docker", "compose", "-f", "-", "config", "--quiet"],  # noqa: S607
        input=compose_yaml(plan(LAB)),
        text=True,
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Kill("payments"), {"502"}), (Down("client->checkout"), {"refused"})],
    ids=["kill", "down"],
)
def test_what_is_down_refuses_at_once_and_comes_back(
    client: DockerClient, tmp_path: Path, fault: Any, words: set[str]
) -> None:
    """Nothing hangs while it is down, and it serves again within a second of its return."""
    lab = replace(LAB, duration_s=5, faults=(during(1, 2.5, fault),))
    recording = measure(lab, tmp_path)
    (met,) = recording.faults
    down = recording.between(met.applied_s + 0.1, met.removal_s - 0.1)
    assert {one.status for one in down} == words
    after = recording.between(met.removed_s + 1, lab.duration_s)
    assert sum(one.good for one in after) >= 0.95 * len(after)
    assert left_by_this_process(client) == []


def test_hosts_take_every_operation_in_every_state(client: DockerClient, tmp_path: Path) -> None:
    """As the simulated ones do: what is so already is no error, and a frozen host can be killed."""
    seen: list[HostState] = []

    async def conduct(system: System) -> list[FaultRecord]:
        for operation in (
            *(system.pause, system.pause, system.kill, system.kill, system.resume),
            *(system.start, system.start, system.resume),
        ):
            await operation("payments")
            seen.append(await system.state("payments"))
        await system.until(2)
        return []

    lab = replace(LAB, duration_s=2, faults=())
    ComposeEngine(tmp_path).run(plan(lab), conduct, Watcher())
    frozen, down, running = HostState.PAUSED, HostState.DOWN, HostState.RUNNING
    assert seen == [frozen, frozen, down, down, down, running, running, running]
    assert left_by_this_process(client) == []


def test_a_service_that_does_not_start_is_one_line(client: DockerClient, tmp_path: Path) -> None:
    """The line holds what the service said; nothing is left."""
    broken = replace(LAB.service("payments"), app="services.nowhere")
    lab = replace(LAB, services=(LAB.service("checkout"), broken))
    with pytest.raises(
        LabError, match=r"payments ended with code 1: .*services\.nowhere"
    ) as caught:
        measure(lab, tmp_path)
    assert "\n" not in str(caught.value)
    assert left_by_this_process(client) == []


# docker-py forgets a socket that does not connect.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_an_engine_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For `why_not` it is the answer, for a run it is the error."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert why_not() == (
        f"no Docker engine answers at unix://{tmp_path}/none.sock (DOCKER_HOST): "
        "start Docker, or run .ci/engine on a bare Debian 12"
    )
    with pytest.raises(ChaoslabError, match="no Docker engine answers"):
        measure(SHORT, tmp_path)
    gc.collect()
