"""A lab's variant as a Compose file: self-contained, readable, and the same for equal input."""

import json
import math
from collections.abc import Mapping
from typing import Any

from harness.engines.compose import first_seconds
from harness.engines.compose.images import image_of, references
from harness.engines.compose.load_commands import WORKER_RPS
from harness.engines.compose.parts import (
    CLOSED,
    UID,
    Owner,
    as_yaml,
    escaped,
    hardening,
    project_part,
    with_config,
)
from harness.engines.compose.supervisor import SUPERVISOR
from harness.engines.protocol import Plan
from harness.model.lab import BESIDE, CLIENT, Lab, Link, Redis, Service
from services.server import PORT

TOXIPROXY, PROMETHEUS, LOAD = OWN_SERVICES = BESIDE

REDIS_PORT = 6379
TOXIPROXY_API = 8474
PROMETHEUS_API = 9090
"""Both listen in their own container alone, where an agent asks them."""
TOXIPROXY_METRICS = 8475
FIRST_PORT = 20001
"""Where the first link's proxy listens; the others follow in the order of `Lab.links`."""

VOLUME = "/volume"
VOLUME_SIZE, STORE_SIZE = "4m", "32m"
"""Small enough to be filled; Redis keeps more, and nothing fills it."""
MEMORY_FILE = "/tmp/host.json"  # noqa: S108 - the container's own
SERIES = "/var/tmp"  # noqa: S108 - a new volume takes over this folder's mode, so any user may write
TSDB = f"{SERIES}/tsdb"
"""Where Prometheus keeps its series: on a volume, of which they can be copied when it has ended."""

SHARES = {TOXIPROXY: 2048, PROMETHEUS: 512, LOAD: 2048}
MEMORY_MB = {TOXIPROXY: 192}
"""Where it differs: Toxiproxy holds 112 MB when callers give up on 280 connections a second."""

MOST_WORKERS = 8
STEERED_TIMES = 4
"""The pace for which a steered load has processes; it refuses what is too much for them."""
WORKER_MB = 64
"""For each process but the first, which shares what they have drawn."""
STEERED_MB = 192
"""For the 8,000 requests that may be under way after a burst: 18 KB each, and their sockets."""


def compose_yaml(
    plan: Plan,
    owner: Owner | None = None,
    images: Mapping[str, str] | None = None,
    *,
    steered: bool = False,
) -> str:
    """Write the Compose file of a plan; without an owner, for a person who runs it by hand.

    ``images`` says what each image is called, where that is not as the tree is now; ``steered``
    that the load takes commands while it is sent.
    """
    variant = f"{plan.slug}, variant {plan.variant.name}, seed {plan.seed}"
    text = as_yaml(compose_file(plan, owner, images, steered=steered))
    return f"# {plan.lab.title}\n# {variant}\n{text}"


def image_names(plan: Plan) -> set[str]:
    """Name the images that a plan needs."""
    apps = (service.app for service in plan.lab.placed(plan.variant).values())
    stores = {"redis"} if plan.lab.stores else set()
    return {*OWN_SERVICES, *stores, *map(image_of, apps)}


def compose_file(
    plan: Plan,
    owner: Owner | None = None,
    images: Mapping[str, str] | None = None,
    *,
    steered: bool = False,
) -> dict[str, Any]:
    """Give the Compose file of a plan as plain values."""
    images = references() if images is None else images
    labels = {"labels": owner.labels()} if owner else {}
    ports = {link: FIRST_PORT + index for index, link in enumerate(plan.lab.links())}
    services = {store.name: _redis(store) for store in plan.lab.stores}
    placed = plan.lab.placed(plan.variant)
    services |= {host: _service(host, service, ports, plan) for host, service in placed.items()}
    services[TOXIPROXY] = _toxiproxy(ports, plan.lab)
    services[PROMETHEUS] = _prometheus(list(placed))
    workers = load_workers(plan.lab, STEERED_TIMES if steered else 1)
    services[LOAD] = _load(plan, ports, workers, waits=owner is not None, steered=steered)
    for name, service in services.items():
        image = {"image": images[service["image"]]}
        limits = _limits(name, workers if name == LOAD else 1, steered=steered and name == LOAD)
        services[name] = {**service, **image, **limits, **labels}
    return {
        "name": owner.run if owner else f"chaoslab-{project_part(plan.slug)}",
        "services": services,
        "networks": {
            "lab": {**CLOSED, **labels},
        },
        "volumes": {
            **{store.name: {**_volume(STORE_SIZE), **labels} for store in plan.lab.stores},
            **{host: {**_volume(VOLUME_SIZE), **labels} for host in placed},
            PROMETHEUS: {**labels},
        },
    }


def _service(host: str, service: Service, ports: dict[Link, int], plan: Plan) -> dict[str, Any]:
    stores = _stores(plan.lab)
    links = {
        callee: f"{'redis' if callee in stores else 'http'}://{TOXIPROXY}"
        f":{ports[Link(caller=host, callee=callee)]}"
        for callee in service.callees(host)
    }
    return {
        "image": image_of(service.app),
        **_supervised("python3", "-m", "services.main"),
        "environment": escaped(
            CHAOSLAB_HOST=host,
            CHAOSLAB_APP=service.app,
            CHAOSLAB_SETTINGS=json.dumps(dict(service.settings)),
            CHAOSLAB_LINKS=json.dumps(links),
            CHAOSLAB_SEED=str(plan.seed),
            CHAOSLAB_VOLUME=VOLUME,
            CHAOSLAB_MEMORY=MEMORY_FILE,
            **_restart(service),
        ),
        "stdin_open": True,
        "volumes": [f"{host}:{VOLUME}"],
        "networks": _named(host, service.name),
    }


def _restart(service: Service) -> dict[str, str]:
    after_s = service.restart_after_s
    return {} if after_s is None else {"RESTART_S": f"{after_s:g}"}


def _volume(size: str) -> dict[str, Any]:
    """Give a volume that outlives a host's processes, and is full when it is full."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size},uid={UID},gid={UID},mode=700"}
    return {"driver_opts": options}


def _named(host: str, name: str) -> list[str] | dict[str, Any]:
    """Put a host on the lab's network, where replicas share their service's name as well.

    Docker's DNS then gives the addresses of all, shuffled, and Toxiproxy dials one after the other.
    """
    return ["lab"] if host == name else {"lab": {"aliases": [name]}}


def _redis(store: Redis) -> dict[str, Any]:
    return {
        "image": "redis",
        **_supervised(
            *("redis-server", "--bind", "0.0.0.0", "--protected-mode", "no"),  # noqa: S104 - internal
            *("--port", str(REDIS_PORT), "--dir", VOLUME, "--save", ""),
            *("--appendonly", "yes" if store.persistent else "no"),
        ),
        "volumes": [f"{store.name}:{VOLUME}"],
        "networks": ["lab"],
    }


def _supervised(*command: str) -> dict[str, list[str]]:
    script = SUPERVISOR.replace("$", "$$")
    return {"entrypoint": ["sh", "-c", script, "supervisor"], "command": list(command)}


def _stores(lab: Lab) -> set[str]:
    return {store.name for store in lab.stores}


def _toxiproxy(ports: dict[Link, int], lab: Lab) -> dict[str, Any]:
    proxies = [
        {
            "name": link.name,
            "listen": f"0.0.0.0:{port}",
            "upstream": f"{link.callee}:{REDIS_PORT if link.callee in _stores(lab) else PORT}",
            "enabled": True,
        }
        for link, port in ports.items()
    ]
    return {
        "image": "toxiproxy",
        "environment": escaped(
            PROXIES=json.dumps(proxies, indent=1) + "\n",
            GOMEMLIMIT="128MiB",
        ),
        "entrypoint": with_config(
            "PROXIES",
            "proxies.json",
            "toxiproxy-server -host 127.0.0.1 -config /tmp/proxies.json -proxy-metrics",
            beside=_agent(TOXIPROXY_API, TOXIPROXY_METRICS),
        ),
        "stdin_open": True,
        "networks": ["lab"],
    }


def _prometheus(hosts: list[str]) -> dict[str, Any]:
    toxiproxy = {"instance": TOXIPROXY}
    early = {f"{host}:{PORT}": {"instance": host, "job": "services"} for host in hosts}
    early[f"{TOXIPROXY}:{TOXIPROXY_METRICS}"] = {**toxiproxy, "job": TOXIPROXY}
    config = {
        # A scrape that a thaw lets through late would still count from when it was asked for.
        "global": {"scrape_interval": "1s", "scrape_timeout": "500ms"},
        "scrape_configs": [
            {
                "job_name": "services",
                "static_configs": [
                    {"targets": [f"{host}:{PORT}"], "labels": {"instance": host}} for host in hosts
                ],
            },
            {
                "job_name": TOXIPROXY,
                "static_configs": [
                    {
                        "targets": [f"{TOXIPROXY}:{TOXIPROXY_METRICS}"],
                        "labels": toxiproxy,
                    }
                ],
            },
            {
                "job_name": "first-seconds",
                "honor_labels": True,
                "static_configs": [{"targets": ["{}:{}".format(*first_seconds.ADDRESS)]}],
            },
        ],
        # What was scraped first is handed over after Prometheus' own first scrapes.
        "storage": {"tsdb": {"out_of_order_time_window": "1m"}},
    }
    return {
        "image": "prometheus",
        "environment": escaped(CONFIG=as_yaml(config), TARGETS=json.dumps(early)),
        "entrypoint": with_config(
            "CONFIG",
            "prometheus.yml",
            f"prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path={TSDB}"
            f" --web.listen-address=127.0.0.1:{PROMETHEUS_API}"
            " --query.lookback-delta=2s --scrape.discovery-reload-interval=100ms --log.level=warn",
            beside="{ python3 /app/first_seconds.py & } && " + _agent(PROMETHEUS_API),
        ),
        "stdin_open": True,
        "volumes": [f"{PROMETHEUS}:{SERIES}"],
        "networks": ["lab"],
    }


def _agent(*ports: int) -> str:
    """Start an agent beside a server, with the container's input: a shell gives none to it."""
    arguments = " ".join(map(str, ports))
    return f"exec 3<&0 && {{ python3 /app/stdio_agent.py {arguments} <&3 & }} && exec 3<&- && "


def _load(
    plan: Plan, ports: dict[Link, int], workers: int, *, waits: bool, steered: bool
) -> dict[str, Any]:
    targets = {
        target: f"http://{TOXIPROXY}:{ports[Link(caller=CLIENT, callee=target)]}"
        for target in plan.lab.load.targets()
    }
    return {
        "image": "load",
        "environment": escaped(
            CHAOSLAB_LOAD=json.dumps(plan.lab.load.to_json()),
            CHAOSLAB_SEED=str(plan.seed),
            CHAOSLAB_DURATION_S=f"{plan.lab.duration_s:g}",
            CHAOSLAB_TARGETS=json.dumps(targets),
            **({"CHAOSLAB_WORKERS": str(workers)} if workers > 1 else {}),
            **({"CHAOSLAB_WAIT": "1"} if waits else {}),
            **({"CHAOSLAB_STEERED": "1"} if steered else {}),
        ),
        **({"stdin_open": True} if steered else {}),
        "networks": ["lab"],
    }


def load_workers(lab: Lab, times: float = 1) -> int:
    """Say how many processes share a lab's load: as many everywhere, whatever the machine's cores.

    The load itself starts no more than those that it finds there. It may come `times` as fast.
    """
    peak_rps = lab.load.peak_rps(lab.duration_s) * times
    return min(MOST_WORKERS, max(1, math.ceil(peak_rps / WORKER_RPS)))


def _limits(name: str, workers: int, *, steered: bool) -> dict[str, Any]:
    memory_mb = MEMORY_MB.get(name, 128) + WORKER_MB * (workers - 1) + STEERED_MB * steered
    return hardening(memory=f"{memory_mb}m", cpu_shares=SHARES.get(name, 1024) * workers)
