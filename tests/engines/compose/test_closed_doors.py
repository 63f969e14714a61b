"""Who can reach whom: nothing of a lab from outside or the other way round, and no API from a host.

The probe is the same everywhere, and finds what is open: the doors that must be are in each test.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from docker import DockerClient

from harness.engines.compose.images import reference, references
from harness.engines.compose.render import (
    FIRST_PORT,
    LOAD,
    PROMETHEUS,
    PROMETHEUS_API,
    TOXIPROXY,
    TOXIPROXY_API,
    TOXIPROXY_METRICS,
    compose_yaml,
)
from harness.engines.compose.stack import Stack, owner_of
from services.server import PORT
from tests.engines.compose.runs import SHORT, plan

pytestmark = pytest.mark.compose
LIMIT_S = 60
HERE, THERE = "198.18.77.1", "198.18.77.2"
"""A network for tests of equipment: this machine's end and its neighbour's."""
PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def door(target):
    host, port = target
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect((host, port))
        except OSError:
            return False
    return True
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(16) as pool:
    print(json.dumps(dict(zip(targets, pool.map(door, targets.values())))))
"""
Targets = Mapping[str, tuple[str, int]]


def open_doors(command: list[str], targets: Targets) -> set[str]:
    done = subprocess.run(  # noqa: S603 - the probe
        [*command, "python3", "-c", PROBE, json.dumps(targets)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    found: dict[str, bool] = json.loads(done.stdout)
    assert found.keys() == targets.keys()
    return {name for name, is_open in found.items() if is_open}


@contextmanager
def listening(address: str) -> Iterator[int]:
    """Listen on an address of this machine, and accept whoever comes."""
    with closing(socket.create_server((address, 0), backlog=64)) as server:
        yield server.getsockname()[1]


class Lab(NamedTuple):
    """A lab whose containers run, and its address on its network by service."""

    stack: Stack
    addresses: Mapping[str, str]
    gateway: str
    bridge: str


@pytest.fixture(scope="module")
def running(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    owner = owner_of("doors", 60)
    file = compose_yaml(plan(SHORT), owner, references())
    ready = threading.Event()

    def hear(name: str, line: str | None) -> None:
        if name == LOAD and line and '"ready"' in line:
            ready.set()

    with Stack(client, owner, file, tmp_path_factory.mktemp("logs")) as stack:
        stack.create()
        stack.start_all(hear)
        assert ready.wait(LIMIT_S)
        (network,) = client.networks.list(names=[f"{owner.run}_lab"])
        network.reload()
        addresses = {}
        for name, container in stack.containers.items():
            container.reload()
            (attached,) = container.attrs["NetworkSettings"]["Networks"].values()
            addresses[name] = attached["IPAddress"]
        yield Lab(
            stack,
            addresses,
            network.attrs["IPAM"]["Config"][0]["Gateway"],
            f"br-{network.attrs['Id'][:12]}",
        )


@pytest.fixture(scope="module")
def neighbour() -> Iterator[list[str]]:
    """Give a command that runs another on a machine beside this one, which routes by way of it."""
    ip = shutil.which("ip")
    if not ip or os.geteuid():
        pytest.skip("a neighbour takes root and the command ip (package iproute2)")
    name = f"chaoslab-{os.getpid()}"
    near, far = f"cl{os.getpid()}", f"cm{os.getpid()}"

    def do(*arguments: str) -> None:
        subprocess.run([ip, *arguments], check=True, timeout=LIMIT_S)  # noqa: S603 - see above

    with ExitStack() as stack:
        do("netns", "add", name)
        stack.callback(do, "netns", "del", name)
        do("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        do("addr", "add", f"{HERE}/30", "dev", near)
        do("link", "set", near, "up")
        do("-n", name, "addr", "add", f"{THERE}/30", "dev", far)
        do("-n", name, "link", "set", far, "up")
        do("-n", name, "link", "set", "lo", "up")
        do("-n", name, "route", "add", "default", "via", HERE)
        yield [ip, "netns", "exec", name]


def inside(lab: Lab, name: str) -> list[str]:
    return ["docker", "exec", str(lab.stack.containers[name].name)]


def of_lab(lab: Lab) -> Targets:
    """Give every port on which something in the lab could listen for others, by address."""
    ports = {
        TOXIPROXY: (TOXIPROXY_API, TOXIPROXY_METRICS, FIRST_PORT),
        PROMETHEUS: (PROMETHEUS_API, 9099),
        "checkout": (PORT,),
        "payments": (PORT,),
    }
    return {f"{name}:{port}": (lab.addresses[name], port) for name in ports for port in ports[name]}


def test_nothing_is_published(running: Lab) -> None:
    """Not even on loopback: another program of this machine may listen there at any time."""
    for container in running.stack.containers.values():
        container.reload()
        assert not any(container.ports.values())


def test_a_neighbour_does_not_reach_into_a_lab(running: Lab, neighbour: list[str]) -> None:
    """By the addresses of the containers, to which it routes by way of this machine."""
    with listening(HERE) as port:
        targets = {**of_lab(running), "this machine": (HERE, port)}
        assert open_doors(neighbour, targets) == {"this machine"}


@pytest.mark.usefixtures("neighbour")
def test_this_machine_is_not_on_the_network_of_a_lab(running: Lab) -> None:
    """It has no address there, and so no way to it; an ordinary network's is seen."""
    addresses = subprocess.run(
        ["ip", "-4", "-json", "addr"],  # noqa: S607 - the system's own
        capture_output=True,
        check=True,
        timeout=LIMIT_S,
    )
    found = {one["ifname"]: one["addr_info"] for one in json.loads(addresses.stdout)}
    assert found["docker0"]
    assert not found.get(running.bridge)


@pytest.mark.parametrize("host", ["checkout", LOAD, TOXIPROXY, PROMETHEUS])
def test_no_container_leaves_its_lab(running: Lab, neighbour: list[str], host: str) -> None:
    """Not to this machine, by whichever of its addresses, and not to its neighbour."""
    code = "import socket, time; s = socket.create_server(('', 7171), backlog=64); time.sleep(60)"
    ours = {THERE: 7171}
    with ExitStack() as stack:
        there = subprocess.Popen([*neighbour, sys.executable, "-c", code])  # noqa: S603 - see above
        stack.callback(there.wait)
        stack.callback(there.kill)
        port = stack.enter_context(listening("0.0.0.0"))  # noqa: S104 - the door to be found shut
        addresses = {HERE, running.gateway, "172.17.0.1", _own_address()}
        ours |= dict.fromkeys(addresses, port)
        targets = {address: (address, port) for address, port in ours.items()}
        _await_open({THERE: (THERE, 7171), HERE: (HERE, port)})
        inner = {"proxy": (running.addresses[TOXIPROXY], FIRST_PORT)}
        assert open_doors(inside(running, host), {**targets, **inner}) == {"proxy"}


def test_no_host_reaches_an_api_but_the_metrics_that_prometheus_scrapes(running: Lab) -> None:
    """Else a service could take its own faults away."""
    reached = open_doors(inside(running, "checkout"), of_lab(running))
    assert reached == {
        f"{TOXIPROXY}:{TOXIPROXY_METRICS}",
        f"{TOXIPROXY}:{FIRST_PORT}",
        f"checkout:{PORT}",
        f"payments:{PORT}",
    }
    by_names = {
        "api": (TOXIPROXY, TOXIPROXY_API),
        "prometheus": (PROMETHEUS, PROMETHEUS_API),
        "proxy": (TOXIPROXY, FIRST_PORT),
    }
    assert open_doors(inside(running, "payments"), by_names) == {"proxy"}


def test_one_lab_does_not_reach_another(running: Lab, client: DockerClient, tmp_path: Path) -> None:
    """Two runs at once are strangers."""
    owner = owner_of("doors-too", 60)
    with Stack(client, owner, compose_yaml(plan(SHORT), owner, references()), tmp_path) as other:
        other.create()
        other.start(TOXIPROXY, lambda *_: None)
        targets = of_lab(running)
        assert (
            open_doors(["docker", "exec", str(other.containers[TOXIPROXY].name)], targets) == set()
        )


def test_the_probe_finds_a_door_from_an_ordinary_container(client: DockerClient) -> None:
    """Else the tests above would pass on nothing."""
    with listening("0.0.0.0") as port:  # noqa: S104 - the door to be found open
        told = client.containers.run(
            reference("services"),
            ["-c", PROBE, json.dumps({"machine": ("172.17.0.1", port)})],
            entrypoint=["python3"],
            remove=True,
        )
    assert json.loads(told) == {"machine": True}


def _own_address() -> str:
    """Give the address by which this machine would be left."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _await_open(targets: Targets) -> None:
    give_up_s = time.monotonic() + LIMIT_S
    while open_doors([], targets) != targets.keys():
        assert time.monotonic() < give_up_s
