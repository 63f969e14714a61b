"""The Compose file that a lab's variant becomes."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from harness.engines.compose.parts import Owner, project_part
from harness.engines.compose.render import (
    LOAD,
    MEMORY_FILE,
    PROMETHEUS,
    TOXIPROXY,
    compose_file,
    compose_yaml,
)
from harness.engines.protocol import Plan
from harness.model import Redis
from labs.cascades.retry_storm.lab import LAB
from tests.replicated import REPLICATED

PLAN = Plan(slug="retry-storm", lab=LAB, variant=LAB.variant("naive"), seed=7)
OWNER = Owner(
    run="chaoslab-retry-storm-0a1b2c",
    host="here",
    pid=42,
    boot="a-boot",
    pids="pid:[1]",
    pid_start="4711",
    started_s=1000.2,
    expires_s=2000.9,
)


def environment(name: str) -> dict[str, str]:
    values: dict[str, str] = compose_file(PLAN)["services"][name]["environment"]
    return values


def test_every_pair_that_talks_goes_through_a_proxy_of_its_own() -> None:
    """Proxies are named `caller->callee` and listen in the order of the lab's links."""
    proxies = json.loads(environment(TOXIPROXY)["PROXIES"])
    assert [(one["name"], one["listen"], one["upstream"]) for one in proxies] == [
        ("client->checkout", "0.0.0.0:20001", "checkout:8080"),
        ("checkout->payments", "0.0.0.0:20002", "payments:8080"),
    ]
    assert json.loads(environment("checkout")["CHAOSLAB_LINKS"]) == {
        "payments": "http://toxiproxy:20002"
    }
    assert json.loads(environment(LOAD)["CHAOSLAB_TARGETS"]) == {
        "checkout": "http://toxiproxy:20001"
    }


def test_services_get_the_settings_of_the_variant() -> None:
    """The lab's settings with the variant's put in, and the seed."""
    assert json.loads(environment("checkout")["CHAOSLAB_SETTINGS"]) == {
        "timeout_ms": 500,
        "tries": 4,
    }
    assert environment("payments")["CHAOSLAB_APP"] == "services.worker"
    assert environment("payments")["CHAOSLAB_SEED"] == "7"


def test_a_service_has_a_control_channel_and_a_small_disk() -> None:
    """Standard input is open; its volume is small, so that it can be filled, and so is Redis's."""
    lab = replace(LAB, stores=(Redis("cache"),))
    document = compose_file(replace(PLAN, lab=lab))
    services = document["services"]
    assert [name for name, one in services.items() if one.get("stdin_open")] == [
        *("checkout", "payments", TOXIPROXY, PROMETHEUS)
    ]
    assert services["payments"]["environment"]["CHAOSLAB_MEMORY"] == MEMORY_FILE
    assert "RESTART_S" not in services["payments"]["environment"]
    volumes = document["volumes"]
    assert volumes.pop(PROMETHEUS) == {}
    sizes = {name: one["driver_opts"]["o"] for name, one in volumes.items()}
    owner = "uid=10001,gid=10001,mode=700"
    assert sizes == {
        "cache": f"size=32m,{owner}",
        "checkout": f"size=4m,{owner}",
        "payments": f"size=4m,{owner}",
    }


def test_the_supervisor_is_told_of_a_policy_of_restarts() -> None:
    """In seconds, as `sleep` takes them."""
    payments = replace(LAB.service("payments"), restart_after_s=1.5)
    lab = replace(LAB, services=(LAB.service("checkout"), payments))
    found = compose_file(replace(PLAN, lab=lab))["services"]
    assert found["payments"]["environment"]["RESTART_S"] == "1.5"
    assert "RESTART_S" not in found["checkout"]["environment"]


def test_prometheus_scrapes_every_service_and_the_proxy_each_second() -> None:
    """The label `instance` is the host's name alone, as in recordings; so in the first seconds."""
    config = yaml.safe_load(environment(PROMETHEUS)["CONFIG"])
    assert config["global"]["scrape_interval"] == "1s"
    targets = {
        one["labels"]["instance"]: one["targets"]
        for job in config["scrape_configs"]
        for one in job["static_configs"]
        if "labels" in one
    }
    assert targets == {
        "checkout": ["checkout:8080"],
        "payments": ["payments:8080"],
        "toxiproxy": ["toxiproxy:8475"],
    }
    early = json.loads(environment(PROMETHEUS)["TARGETS"])
    assert {labels["instance"]: [target] for target, labels in early.items()} == targets


@pytest.mark.parametrize("name", ["checkout", "payments", TOXIPROXY, PROMETHEUS, LOAD])
def test_every_container_is_hardened(name: str) -> None:
    """No root, no writable root file system, no capabilities, bounded memory and processes."""
    service = compose_file(PLAN)["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "no"
    assert {"mem_limit", "cpu_shares", "pids_limit", "tmpfs", "ulimits"} <= service.keys()
    assert "healthcheck" not in service


def test_nothing_is_published_and_both_apis_listen_in_their_container_alone() -> None:
    """All is on one network without a way out, on which the machine has no address."""
    document = compose_file(PLAN)
    services = document["services"]
    assert not any("ports" in one for one in services.values())
    (network,) = document["networks"].values()
    assert network["internal"] is True
    options = network["driver_opts"]
    assert options == {"com.docker.network.bridge.inhibit_ipv4": "true"}
    assert "toxiproxy-server -host 127.0.0.1 " in services[TOXIPROXY]["entrypoint"][2]
    assert "--web.listen-address=127.0.0.1:9090" in services[PROMETHEUS]["entrypoint"][2]


def test_the_file_is_self_contained() -> None:
    """No builds, and nothing of the host is mounted: only named volumes."""
    document = compose_file(PLAN)
    for service in document["services"].values():
        assert "build" not in service
        for mount in service.get("volumes", ()):
            assert mount.partition(":")[0] in document["volumes"]


def test_replicas_are_containers_that_share_their_services_name() -> None:
    """Each has its own name and volume and is scraped; the proxy's upstream is the name of all."""
    plan = Plan(slug="replicated", lab=REPLICATED, variant=REPLICATED.variant("again"), seed=7)
    document = compose_file(plan)
    services = document["services"]
    hosts = ["app-1", "app-2", "app-3"]
    assert [name for name in services if name.startswith("app")] == hosts
    for host in hosts:
        assert services[host]["environment"]["CHAOSLAB_HOST"] == host
        assert services[host]["volumes"] == [f"{host}:/volume"]
        assert services[host]["networks"] == {"lab": {"aliases": ["app"]}}
        assert host in document["volumes"]
    assert services["front"]["networks"] == ["lab"]
    proxies = json.loads(services[TOXIPROXY]["environment"]["PROXIES"])
    assert [(one["name"], one["upstream"]) for one in proxies] == [
        ("client->front", "front:8080"),
        ("front->app", "app:8080"),
    ]
    config = yaml.safe_load(services[PROMETHEUS]["environment"]["CONFIG"])
    scraped = config["scrape_configs"][0]["static_configs"]
    assert [one["targets"] for one in scraped] == [[f"{host}:8080"] for host in ("front", *hosts)]


def labelled(document: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = ("services", "networks", "volumes")
    return [one for kind in kinds for one in document[kind].values()]


def test_a_run_labels_all_that_it_makes() -> None:
    """The janitor finds containers, networks and volumes by their owner's labels."""
    document = compose_file(PLAN, OWNER)
    assert document["name"] == OWNER.run
    for one in labelled(document):
        assert one["labels"] == {
            "chaoslab.run": "chaoslab-retry-storm-0a1b2c",
            "chaoslab.owner-host": "here",
            "chaoslab.owner-boot": "a-boot",
            "chaoslab.owner-pids": "pid:[1]",
            "chaoslab.owner-pid": "42",
            "chaoslab.owner-start": "4711",
            "chaoslab.started": "1000",
            "chaoslab.expires": "2001",
        }


def test_a_file_for_a_person_has_no_owner_and_a_load_that_starts_by_itself() -> None:
    """What somebody starts by hand is never swept."""
    document = compose_file(PLAN)
    assert not any("labels" in one for one in labelled(document))
    assert "CHAOSLAB_WAIT" not in environment(LOAD)
    assert compose_file(PLAN, OWNER)["services"][LOAD]["environment"]["CHAOSLAB_WAIT"] == "1"


def test_the_text_is_yaml_that_says_the_same() -> None:
    """Blocks, comments and quotes change nothing; equal input gives equal text."""
    assert yaml.safe_load(compose_yaml(PLAN)) == compose_file(PLAN)
    assert compose_yaml(PLAN) == compose_yaml(PLAN)


def test_dollars_in_settings_reach_the_service_as_they_are() -> None:
    """Compose would take `$X` for a variable of the shell."""
    variant = type(PLAN.variant)("odd", {"checkout.timeout_ms": "$HOME"})
    plan = Plan(slug="odd", lab=LAB, variant=variant, seed=1)
    settings = compose_file(plan)["services"]["checkout"]["environment"]["CHAOSLAB_SETTINGS"]
    assert '"$$HOME"' in settings


def test_project_names_hold_what_compose_allows() -> None:
    """Lower case, digits and hyphens."""
    assert project_part("Cascades/retry_storm") == "cascades-retry-storm"
