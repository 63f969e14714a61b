"""What a run has kept, in Grafana: a stand-in reads what is provisioned and asks the sources.

No real Grafana was there when this was written. A real Prometheus evaluates every expression.
"""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from docker import DockerClient

from harness.engines.compose import janitor
from harness.engines.compose.images import reference
from tests.cli.workshop import ELSEWHERE, ROOT, SMALL
from tests.engines.compose.runs import left_by, of

pytestmark = pytest.mark.compose

HERE = Path(__file__).parent
STAND_IN = "chaoslab-test/grafana:stand-in"
RECIPE = """
FROM {parent}
COPY yaml /app/yaml
COPY stand_in.py /app/
COPY --chmod=755 run.sh /run.sh
"""
PROGRAM = f"""
from harness.engines.compose import grafana
grafana.IMAGE = {STAND_IN!r}
{ELSEWHERE}"""
RUN = ("run", "small", "--engine", "compose", "--grafana", "--no-report")
LIMIT_S = 150


@pytest.fixture(scope="module")
def checkout(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a checkout with one small lab, on an engine that has the stand-in."""
    root = tmp_path_factory.mktemp("checkout")
    folder = root / "labs" / "trial" / "small"
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text(SMALL.replace("during(1, 2,", "during(1, 3,"))
    for table in ("catalogue.tsv", "episodes.tsv"):
        shutil.copy(ROOT / "labs" / table, root / "labs")
    context = root / "stand-in"
    shutil.copytree(Path(yaml.__file__).parent, context / "yaml")
    shutil.copy(HERE / "stand_in.py", context)
    (context / "run.sh").write_text("#!/bin/sh\nexec python3 /app/stand_in.py\n")
    (context / "Dockerfile").write_text(RECIPE.format(parent=reference("runtime")))
    subprocess.run(  # noqa: S603 - the files above
        ["docker", "build", "--quiet", "--tag", STAND_IN, str(context)],  # noqa: S607
        check=True,
        capture_output=True,
        timeout=LIMIT_S,
    )
    yield root
    client.images.remove(STAND_IN, force=True)


@dataclass(frozen=True)
class Open:
    """A Grafana that is open: where it is, and whose."""

    url: str
    process: "subprocess.Popen[str]"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    @property
    def dashboard(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/dashboards/uid/chaoslab-run")["dashboard"]
        return found

    def range(self, variant: str, expr: str) -> list[dict[str, Any]]:
        """Evaluate an expression for the time that the variant's link shows, as Grafana would."""
        (link,) = [one for one in self.dashboard["links"] if one["title"] == variant]
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(link["url"]).query)
        assert asked["var-variant"] == [variant]
        query = {
            "query": expr.replace("$__rate_interval", "4s"),
            "start": f"{int(asked['from'][0]) / 1000:.3f}",
            "end": f"{int(asked['to'][0]) / 1000:.3f}",
            "step": "1",
        }
        path = f"/api/datasources/proxy/uid/{variant}/api/v1/query_range"
        told = self.get(f"{path}?{urllib.parse.urlencode(query)}")
        assert told["status"] == "success"
        found: list[dict[str, Any]] = told["data"]["result"]
        return found


@contextmanager
def opened(checkout: Path, *arguments: str) -> Iterator[Open]:
    """Start a command line that opens Grafana, and end it by Ctrl-C."""
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-c", PROGRAM, str(checkout), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("grafana  "):
                url = line.split()[1]
                assert url.endswith("/d/chaoslab-run")
                yield Open(url.removesuffix("/d/chaoslab-run"), process)
                break
        else:
            pytest.fail("".join(said))
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=LIMIT_S)
        assert told == "closed   nothing of it is left\n"
    finally:
        process.kill()
        process.wait()


@dataclass
class Seen:
    """What a test may ask when Grafana has gone again."""

    dashboard: dict[str, Any]
    sources: list[dict[str, Any]]
    process: dict[str, Any]
    containers: list[dict[str, Any]]
    results: dict[tuple[str, str], list[dict[str, Any]]]
    code: int | None
    left: list[janitor.Resource]
    run: Path


@pytest.fixture(scope="module")
def seen(client: DockerClient, checkout: Path) -> Seen:
    """Run a lab on containers with `--grafana`, ask everything, and close it by Ctrl-C."""
    results = {}
    with opened(checkout, *RUN) as grafana:
        dashboard = grafana.dashboard
        sources = grafana.get("/api/datasources")
        process = grafana.get("/process")
        for variant in (link["title"] for link in dashboard["links"]):
            for panel in dashboard["panels"]:
                for target in panel["targets"]:
                    found = grafana.range(variant, target["expr"])
                    results[variant, f"{panel['title']} {target['refId']}"] = found
            (faults,) = dashboard["annotations"]["list"]
            results[variant, "Faults"] = grafana.range(variant, faults["expr"])
        mine = [one for one in of(client, grafana.process.pid) if one.kind == "container"]
        containers = [client.api.inspect_container(one.id) for one in mine]
    (run,) = (checkout / "runs" / "small").iterdir()
    _keep(dashboard, sources, process, results)
    left = left_by(client, grafana.process.pid)
    return Seen(
        dashboard, sources, process, containers, results, grafana.process.returncode, left, run
    )


def _keep(*told: Any) -> None:
    """Write what the stand-in got to a file, where somebody wants to read it."""
    if path := os.environ.get("CHAOSLAB_STAND_IN_TOLD"):
        dashboard, sources, process, results = told
        named = {" | ".join(key): found for key, found in results.items()}
        document = {"data sources": sources, "process": process, "dashboard": dashboard}
        Path(path).write_text(json.dumps({**document, "results": named}, indent=1))


def values(found: list[dict[str, Any]]) -> list[float]:
    return [float(value) for one in found for _, value in one["values"]]


def test_each_variant_is_a_source_in_the_order_of_the_runs(seen: Seen) -> None:
    """The broken one without its fault too; name and uid are the variant's."""
    names = ["naive", "calm", "naive-2"]
    assert [one["uid"] for one in seen.sources] == names
    assert [one["name"] for one in seen.sources] == names
    assert [one["title"] for one in seen.dashboard["links"]] == names


def test_every_panel_has_data_of_every_variant(seen: Seen) -> None:
    """A real Prometheus takes each expression and finds finite values in what was kept.

    Toxiproxy tells of connections that close, which only a fault makes them do.
    """
    panels = {name for _, name in seen.results if name != "Faults"}
    assert len(panels) == 12
    for (variant, name), found in seen.results.items():
        if name != "Faults" and ("Toxiproxy" not in name or variant == "naive"):
            assert any(map(math.isfinite, values(found))), f"{name} is empty for {variant}"


def test_the_panels_show_what_happened(seen: Seen) -> None:
    """The frozen host is down; nothing is down without the fault."""
    for variant, least in (("naive", 0), ("naive-2", 1)):
        (up,) = (
            one for one in seen.results[variant, "Up A"] if one["metric"]["instance"] == "back"
        )
        assert min(values([up])) == least
    quantiles = filter(math.isfinite, values(seen.results["naive", "Latency, median and p99 B"]))
    assert max(quantiles) < 5  # a scrape that failed is a gap, not the last bucket's bound
    retried = values(seen.results["naive", "Attempts per request A"])
    calm = values(seen.results["calm", "Attempts per request A"])
    assert max(filter(math.isfinite, retried)) > max(filter(math.isfinite, calm))


def test_faults_are_there_as_long_as_they_were(seen: Seen) -> None:
    """Two seconds of them, named; and none where none was brought about."""
    for variant in ("naive", "calm"):
        (fault,) = seen.results[variant, "Faults"]
        assert fault["metric"] == {"fault": "pause back"}
        assert 2 <= len(fault["values"]) <= 3
    assert seen.results["naive-2", "Faults"] == []


def test_the_run_is_judged_and_kept_as_always(seen: Seen) -> None:
    """Ctrl-C ends the look, not the run: the exit code is its verdict's."""
    verdict = json.loads((seen.run / "run.json").read_text())["verdict"]
    assert seen.code == {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 2}[verdict]
    kept = {path.name for path in (seen.run / "logs" / "grafana").iterdir()}
    logs = {f"prometheus-{name}.log" for name in ("naive", "calm", "naive-2")}
    assert kept == {"compose.yaml", "grafana.log", *logs}


def test_nothing_of_it_is_left(seen: Seen) -> None:
    """No container, network or volume."""
    assert seen.left == []


def test_its_containers_are_as_hard_as_a_runs(seen: Seen) -> None:
    """Seen on the containers themselves; ports are published on this machine alone."""
    assert len(seen.containers) == 4
    assert seen.process["uid"] == 10001
    for container in seen.containers:
        host = container["HostConfig"]
        assert container["Config"]["User"] == "10001:10001"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert 0 < host["Memory"] <= 512 * 2**20
        assert 0 < host["PidsLimit"] <= 256
        assert not host["Binds"] or all(not bind.startswith("/") for bind in host["Binds"])
        for published in container["NetworkSettings"]["Ports"].values():
            assert all(one["HostIp"] == "127.0.0.1" for one in published or ())


def test_an_older_run_is_opened_and_stays_as_it_is(
    client: DockerClient, checkout: Path, seen: Seen
) -> None:
    """`./lab grafana` finds the run; what is kept of it does not change by being looked at."""
    before = _contents(seen.run / "prometheus")
    with opened(checkout, "grafana", "small", "--run", seen.run.name) as grafana:
        again = grafana.dashboard
        found = grafana.range("naive", again["panels"][0]["targets"][0]["expr"])
    assert again == seen.dashboard
    assert found == seen.results["naive", "Goodput A"]
    assert _contents(seen.run / "prometheus") == before
    assert grafana.process.returncode == 0
    assert left_by(client, grafana.process.pid) == []


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_grafana_that_ends_by_itself_is_one_line(
    client: DockerClient, checkout: Path, seen: Seen
) -> None:
    """Whoever looks is told, and what is left of it is removed."""
    del seen
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-c", PROGRAM, str(checkout), "grafana", "small"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert any(line.startswith("grafana  ") for line in process.stdout)
    for one in of(client, process.pid):
        if one.name.endswith("-grafana-1"):
            client.api.kill(one.id)
    _, complaint = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert complaint.splitlines()[-1].startswith("chaoslab: grafana ended with code 137")
    assert left_by(client, process.pid) == []
