"""What a run has kept of Prometheus, as a Compose file in which Grafana shows it.

The dashboard is `dashboards/run.json`. What differs from run to run is put in here: the time, the
variants, and when their faults were there.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from harness.engines.compose.images import ROOT, reference
from harness.engines.compose.parts import NO_WAY_OUT, Owner, as_yaml, escaped, hardening
from harness.engines.compose.render import PROMETHEUS, PROMETHEUS_API, SERIES, TSDB
from harness.recording import FaultRecord

GRAFANA = "grafana"
IMAGE = "grafana/grafana:12.3.1"
"""A public image that nobody here builds or hands on. From 13 on, what reads Prometheus is no part
of it but downloaded at its start."""
GRAFANA_PORT = 3000
GRAFANA_HOME = "/tmp/grafana"  # noqa: S108 - the container's own
PROVISIONING = "/tmp/provisioning"  # noqa: S108
DASHBOARDS = "/tmp/dashboards"  # noqa: S108
UID = "chaoslab-run"
"""The dashboard's, in its file too."""
DASHBOARD = ROOT / "dashboards" / "run.json"
LEAD_S = 1.0
"""What is shown before a run begins. After its end the hosts go down, which is no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one run of a variant: `start_s`, its second 0, is in seconds since 1970."""

    name: str
    tsdb: Path
    start_s: float
    duration_s: float
    faults: Sequence[FaultRecord] = ()

    @property
    def host(self) -> str:
        """Name the container whose Prometheus opens it; the variant's name is the source's."""
        return f"{PROMETHEUS}-{self.name}"

    @property
    def shown_ms(self) -> tuple[int, int]:
        """Give the time that is shown of it."""
        end_s = self.start_s + self.duration_s
        return round(1000 * (self.start_s - LEAD_S)), round(1000 * end_s)


def compose_yaml(kept: Sequence[Kept], title: str, owner: Owner) -> str:
    """Write the Compose file of a Prometheus for each variant and one Grafana."""
    labels = {"labels": owner.labels()}
    services = {one.host: _prometheus(one) for one in kept}
    services[GRAFANA] = _grafana(kept, title)
    return as_yaml(
        {
            "name": owner.run,
            "services": {name: {**service, **labels} for name, service in services.items()},
            "networks": {"control": {**NO_WAY_OUT, **labels}},
            "volumes": {one.host: labels for one in kept},
        }
    )


def _prometheus(kept: Kept) -> dict[str, Any]:
    return {
        "image": reference(PROMETHEUS),
        "entrypoint": [
            *("prometheus", "--config.file=/dev/null", f"--storage.tsdb.path={TSDB}"),
            # As in the run; and nothing of it is ever too old.
            *("--query.lookback-delta=2s", "--storage.tsdb.retention.time=100y"),
            "--log.level=warn",
        ],
        "volumes": [f"{kept.host}:{SERIES}"],
        "networks": ["control"],
        "ports": [f"127.0.0.1::{PROMETHEUS_API}"],
        **hardening(memory="256m", cpu_shares=512),
    }


def _grafana(kept: Sequence[Kept], title: str) -> dict[str, Any]:
    files = {
        "DATASOURCES": f"{PROVISIONING}/datasources/chaoslab.yaml",
        "PROVIDERS": f"{PROVISIONING}/dashboards/chaoslab.yaml",
        "DASHBOARD": f"{DASHBOARDS}/run.json",
    }
    folders = [*(f"{PROVISIONING}/{name}" for name in ("alerting", "plugins")), GRAFANA_HOME]
    folders += [str(Path(path).parent) for path in files.values()]
    writes = " && ".join(f'printf %s "$${name}" >{path}' for name, path in files.items())
    return {
        "image": IMAGE,
        "entrypoint": ["sh", "-c", f"mkdir -p {' '.join(folders)} && {writes} && exec /run.sh"],
        "environment": escaped(
            DATASOURCES=as_yaml(data_sources(kept)),
            PROVIDERS=as_yaml(PROVIDERS),
            DASHBOARD=json.dumps(dashboard(kept, title), ensure_ascii=False),
            **SETTINGS,
        ),
        "networks": ["control"],
        "ports": [f"127.0.0.1::{GRAFANA_PORT}"],
        **hardening(memory="512m", cpu_shares=512),
    }


PROVIDERS = {
    "apiVersion": 1,
    "providers": [
        {
            "name": "chaoslab",
            "type": "file",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "options": {"path": DASHBOARDS},
        }
    ],
}
SETTINGS = {
    "GF_PATHS_DATA": GRAFANA_HOME,
    "GF_PATHS_LOGS": f"{GRAFANA_HOME}/log",
    "GF_PATHS_PLUGINS": f"{GRAFANA_HOME}/plugins",
    "GF_PATHS_PROVISIONING": PROVISIONING,
    "GF_SERVER_HTTP_PORT": str(GRAFANA_PORT),
    "GF_LOG_LEVEL": "warn",
    "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": f"{DASHBOARDS}/run.json",
    # Whoever reaches the port may look, and nobody more.
    "GF_AUTH_ANONYMOUS_ENABLED": "true",
    "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
    "GF_AUTH_DISABLE_LOGIN_FORM": "true",
    "GF_AUTH_BASIC_ENABLED": "false",
    "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true",
    "GF_USERS_ALLOW_SIGN_UP": "false",
    # It asks nobody for anything: there is no way out.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
    "GF_PLUGINS_PLUGIN_ADMIN_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
    "GF_UNIFIED_ALERTING_ENABLED": "false",
}


def data_sources(kept: Iterable[Kept]) -> dict[str, Any]:
    """Provision a source for each variant, which is called as it is, in name and uid."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": one.name,
                "uid": one.name,
                "type": "prometheus",
                "access": "proxy",
                "url": f"http://{one.host}:{PROMETHEUS_API}",
                "isDefault": number == 0,
                "editable": False,
                "jsonData": {"timeInterval": "1s", "httpMethod": "POST"},
            }
            for number, one in enumerate(kept)
        ],
    }


def dashboard(kept: Sequence[Kept], title: str) -> dict[str, Any]:
    """Fill in the dashboard: its title, its time, its variants, and their faults."""
    filled: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    filled["title"] = title
    filled["time"] = dict(zip(("from", "to"), map(_moment, kept[0].shown_ms), strict=True))
    filled["links"] = [_link(one) for one in kept]
    (variant,) = filled["templating"]["list"]
    variant["current"] = {"text": kept[0].name, "value": kept[0].name}
    (faults,) = filled["annotations"]["list"]
    faults["expr"] = faults_expression(kept)
    return filled


def _link(kept: Kept) -> dict[str, Any]:
    """Link to a variant: each was run at its own time, so time and source change together."""
    return {
        "type": "link",
        "title": kept.name,
        "url": path(kept),
        "icon": "dashboard",
        "targetBlank": False,
        "keepTime": False,
        "includeVars": False,
        "asDropdown": False,
        "tooltip": "",
        "tags": [],
    }


def path(kept: Kept) -> str:
    """Give the path under which the dashboard shows a variant."""
    start_ms, end_ms = kept.shown_ms
    return f"/d/{UID}?" + urlencode({"from": start_ms, "to": end_ms, "var-variant": kept.name})


def _moment(at_ms: int) -> str:
    """Write a time as a dashboard's own range does: in UTC, to the millisecond."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def faults_expression(kept: Iterable[Kept]) -> str:
    """Give a query that is there while a fault is: no series is kept of it, but its times are."""
    return " or ".join(_windows(kept)) or "vector(1) < 0"


def _windows(kept: Iterable[Kept]) -> Iterator[str]:
    for one in kept:
        for fault in one.faults:
            start_s = one.start_s + _known(fault.applied_s, fault.start_s)
            end_s = one.start_s + _known(fault.removed_s, fault.end_s)
            named = json.dumps(fault.name, ensure_ascii=False)
            during = f"vector(time()) >= {start_s:.3f} <= {end_s:.3f}"
            yield f'label_replace({during}, "fault", {named}, "", "")'


def _known(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value
