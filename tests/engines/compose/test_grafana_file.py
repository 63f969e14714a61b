"""What Grafana is given: the dashboard as it is written and as it is filled in, and the file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli.cmd_grafana import kept
from harness.engines.compose import grafana
from harness.engines.compose.grafana import Kept, compose_yaml, dashboard, faults_expression
from harness.engines.compose.loadlog import start_line
from harness.engines.compose.parts import Owner
from harness.errors import EnvironmentNotReadyError
from harness.recording import FaultRecord, Recording

OWNER = Owner(
    run="chaoslab-grafana-small-0a1b2c",
    host="here",
    pid=42,
    boot="a-boot",
    pids="pid:[1]",
    pid_start="4711",
    started_s=1000,
    expires_s=2000,
)
FAULT = FaultRecord(
    name='pause "back"', target="back", start_s=1, end_s=2, applied_s=1.25, removed_s=2.5
)
NAIVE = Kept(
    name="naive",
    tsdb=Path("/nowhere/tsdb"),
    start_s=1_700_000_000.5,
    duration_s=5,
    faults=[FAULT],
)
CALM = replace(NAIVE, name="calm", start_s=NAIVE.start_s + 60, faults=[])
WRITTEN: dict[str, Any] = json.loads(grafana.DASHBOARD.read_text(encoding="utf-8"))
SOURCE = {"type": "prometheus", "uid": "${variant}"}


def test_the_dashboard_is_of_the_classic_model() -> None:
    """What Grafana's manual asks of a dashboard; the uid is the one that links lead to."""
    assert WRITTEN["uid"] == grafana.UID
    assert WRITTEN["schemaVersion"] == 41
    assert "id" not in WRITTEN  # Grafana gives it
    assert {"title", "tags", "time", "timepicker", "links", "panels", "editable"} <= WRITTEN.keys()
    (variant,) = WRITTEN["templating"]["list"]
    assert (variant["name"], variant["type"], variant["query"]) == (
        "variant",
        "datasource",
        "prometheus",
    )


def test_everything_asks_the_source_of_the_variant() -> None:
    """Panels, each of their targets, and the annotation."""
    panels = WRITTEN["panels"]
    asking = [*panels, *WRITTEN["annotations"]["list"]]
    asking += [target for panel in panels for target in panel["targets"]]
    assert [one["datasource"] for one in asking] == [SOURCE] * len(asking)


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    """Ids are unique, 24 columns are kept, and no cell of the grid is taken twice."""
    panels = WRITTEN["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set[tuple[int, int]]()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (column, row)
            for column in range(place["x"], place["x"] + place["w"])
            for row in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells


def test_each_line_of_a_panel_has_a_legend_that_names_its_host() -> None:
    """Or its link, where Toxiproxy tells; the targets of a panel have names of their own."""
    for panel in WRITTEN["panels"]:
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names)
        for target in panel["targets"]:
            assert "{{instance}}" in target["legendFormat"] or "{{proxy}}" in target["legendFormat"]


def test_a_link_changes_variant_and_time_together() -> None:
    """From a second before the run to its end; the first variant is what is shown at first."""
    filled = dashboard([NAIVE, CALM], "A small lab")
    assert [one["url"] for one in filled["links"]] == [
        "/d/chaoslab-run?from=1699999999500&to=1700000005500&var-variant=naive",
        "/d/chaoslab-run?from=1700000059500&to=1700000065500&var-variant=calm",
    ]
    assert filled["time"] == {"from": "2023-11-14T22:13:19.500Z", "to": "2023-11-14T22:13:25.500Z"}
    assert filled["templating"]["list"][0]["current"] == {"text": "naive", "value": "naive"}
    assert filled["title"] == "A small lab"


def test_faults_are_shown_when_they_were_there() -> None:
    """As they were brought about, or as the lab wants them where that is not known."""
    unknown = replace(NAIVE, faults=[FaultRecord(name="x", target="x", start_s=3, end_s=4)])
    assert faults_expression([NAIVE, CALM, unknown]) == (
        "label_replace(vector(time()) >= 1700000001.750 <= 1700000003.000,"
        ' "fault", "pause \\"back\\"", "", "")'
        " or label_replace(vector(time()) >= 1700000003.500 <= 1700000004.500,"
        ' "fault", "x", "", "")'
    )


def test_a_run_without_trigger_asks_for_none() -> None:
    """The query stays one: it gives nothing."""
    assert faults_expression([CALM]) == "vector(1) < 0"


def test_nothing_is_mounted_and_all_is_labelled() -> None:
    """The file holds all that Grafana reads; a janitor knows whose each thing is."""
    document = yaml.safe_load(compose_yaml([NAIVE, CALM], "A small lab", OWNER))
    services = document["services"]
    assert list(services) == ["prometheus-naive", "prometheus-calm", "grafana"]
    assert services["grafana"]["image"] == grafana.IMAGE
    assert "volumes" not in services["grafana"]
    things = [
        *services.values(),
        *document["networks"].values(),
        *document["volumes"].values(),
    ]
    assert all(thing["labels"] == OWNER.labels() for thing in things)
    for service in services.values():
        assert service["user"] == "10001:10001"
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1::") for port in service["ports"])


def test_grafana_lets_nobody_in_and_asks_nobody() -> None:
    """Whoever looks is a viewer; no sign-up, no reports, no look for updates, no plugins."""
    environment = yaml.safe_load(compose_yaml([NAIVE], "A small lab", OWNER))
    told = environment["services"]["grafana"]["environment"]
    assert told["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    off = [
        *("USERS_ALLOW_SIGN_UP", "ANALYTICS_REPORTING_ENABLED", "ANALYTICS_CHECK_FOR_UPDATES"),
        *("ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "NEWS_NEWS_FEED_ENABLED"),
        *("SNAPSHOTS_EXTERNAL_ENABLED", "PLUGINS_PLUGIN_ADMIN_ENABLED", "AUTH_BASIC_ENABLED"),
    ]
    assert {told[f"GF_{name}"] for name in off} == {"false"}
    assert told["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"


def test_what_a_file_says_fits_into_an_environment() -> None:
    """Linux takes 128 KiB a variable: a long lab's dashboard stays far below."""
    many = [replace(NAIVE, name=f"v{number}", faults=[FAULT] * 20) for number in range(8)]
    assert len(json.dumps(dashboard(many, "A small lab")).encode()) < 64 * 1024


def test_dollars_reach_grafana() -> None:
    """Compose would take them for variables of its own."""
    text = compose_yaml([NAIVE], "A small lab", OWNER)
    told = yaml.safe_load(text)["services"]["grafana"]["environment"]["DASHBOARD"]
    assert "$${variant}" in told
    assert json.loads(told.replace("$$", "$")) == dashboard([NAIVE], "A small lab")


def _run(folder: Path, name: str, start_s: float, *, recorded: bool = True) -> None:
    (folder / "prometheus" / name / "tsdb").mkdir(parents=True)
    (folder / "logs" / name).mkdir(parents=True)
    log = f'{{"event": "ready"}}\n{start_line(start_s)}\nTraceback\n'
    (folder / "logs" / name / "load.log").write_text(log)
    if recorded:
        recording = Recording(
            lab="small", variant=name, seed=1, engine="compose", duration_s=5, faults=[FAULT]
        )
        recording.save(folder / f"compose-{name}")


def test_what_is_kept_comes_in_the_order_of_the_runs(tmp_path: Path) -> None:
    """Times are from the load's logs; a variant without its fault has none, and lasted as long."""
    _run(tmp_path, "naive", 100.5)
    _run(tmp_path, "calm", 130)
    _run(tmp_path, "naive-2", 160, recorded=False)
    found = kept(tmp_path)
    assert [(one.name, one.start_s, one.duration_s) for one in found] == [
        ("naive", 100.5, 5),
        ("calm", 130, 5),
        ("naive-2", 160, 5),
    ]
    assert [[fault.name for fault in one.faults] for one in found] == [[FAULT.name]] * 2 + [[]]


def test_a_run_whose_logs_are_gone_is_told_so(tmp_path: Path) -> None:
    """Without the time of its second 0 nothing of it can be shown."""
    _run(tmp_path, "naive", 100)
    (tmp_path / "logs" / "naive" / "load.log").unlink()
    with pytest.raises(EnvironmentNotReadyError, match=r"logs/naive/load\.log does not say when"):
        kept(tmp_path)
