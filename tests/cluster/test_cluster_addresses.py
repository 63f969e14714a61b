"""`--on` and `./lab cluster`: addresses where nothing answers, or something else, and commands."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from harness.cluster import scheduler
from tests.cli.workshop import Workshop, finished, started, workshop

NOWHERE = "tcp://127.0.0.1:1"


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Workshop]:
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.5)
    with workshop(tmp_path, monkeypatch, capsys) as made:
        made.write()
        yield made


@contextmanager
def silent() -> Iterator[int]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class Quiet(SimpleHTTPRequestHandler):
    """Refuses what is no HTTP, and logs nothing."""

    def log_message(self, *args: object) -> None:
        del args


@contextmanager
def a_web_server() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "command", [("check", "small"), ("sweep", "small"), ("swarm", "--keep", ".")]
)
def test_nothing_listens(shop: Workshop, command: tuple[str, ...]) -> None:
    """Said in one line with what to do; the results of an earlier check stay as they were."""
    shop.runs.mkdir()
    earlier = shop.runs / "check-sim.jsonl"
    earlier.write_text("earlier\n")
    outcome = shop.run(*command, "--on", NOWHERE)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == (
        f"--on {NOWHERE}: nothing answers there (connection refused); ./lab cluster says how to "
        "start a scheduler"
    )
    assert earlier.read_text() == "earlier\n"


@pytest.mark.parametrize("other", [silent, a_web_server])
def test_something_else_listens(
    shop: Workshop, other: Callable[[], AbstractContextManager[int]]
) -> None:
    """It is not waited for."""
    with other() as port:
        outcome = shop.run("check", "--on", f"tcp://127.0.0.1:{port}")
    assert (outcome.code, outcome.out) == (2, "")
    assert "what answers there is no Dask scheduler, or hangs" in outcome.complaint


def test_tls_without_certificates(shop: Workshop) -> None:
    """The names under which Dask's configuration has them are told."""
    with silent() as port:
        outcome = shop.run("check", "--on", f"tls://127.0.0.1:{port}")
    assert outcome.code == 2
    assert "distributed.comm.tls.client.cert" in outcome.complaint


@pytest.mark.parametrize(
    "address",
    ["http://x:1", "tcp://x", "tcp://x:0", "tcp://x:65536", "tcp://:1", "tcp://[::1]:1", "x"],
)
def test_what_is_no_address(shop: Workshop, address: str) -> None:
    """For both commands."""
    for command in (("check", "--on"), ("cluster",)):
        outcome = shop.run(*command, address)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.complaint == (
            f"{address} is no scheduler's address; write tcp://HOST:PORT, port 1 to 65535"
        )


def test_what_a_cluster_cannot_do(shop: Workshop) -> None:
    """Containers, and this machine's --jobs."""
    for more, said in (
        (("--engine", "compose"), "leave --engine compose out"),
        (("--jobs", "2"), "the workers say how many run at once"),
    ):
        outcome = shop.run("check", "--on", NOWHERE, *more)
        assert (outcome.code, outcome.out) == (2, "")
        assert said in outcome.complaint


def test_dask_is_not_installed(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the command line was not started by ./lab; the command that installs it is told."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "harness.cluster.client", raising=False)
    outcome = shop.run("check", "--on", NOWHERE)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == "what a cluster needs is not installed: ./lab cluster installs it"


def test_labs_of_another_folder(shop: Workshop) -> None:
    """Workers have no copy of them; in another process, which turns to that folder for good."""
    labs = ("--labs", str(shop.root / "labs"))
    outcome = finished(started(shop, "check", *labs, "--on", NOWHERE))
    assert (outcome.code, outcome.out) == (2, "")
    assert "workers have no copy" in outcome.complaint


def test_the_commands_of_a_machine(shop: Workshop) -> None:
    """All on loopback, unless an address is given; another machine's scheduler is not started."""
    here = shop.run("cluster")
    assert (here.code, here.err) == (0, "")
    assert "-m dask scheduler" in here.out
    assert here.out.count("--host 127.0.0.1 ") == 2
    assert here.out.count("--dashboard-address 127.0.0.1:0") == 2
    assert "may run any program as you" in here.out
    elsewhere = shop.run("cluster", "tcp://192.0.2.1:8786")
    if elsewhere.code == 0:  # a machine without any network has no way there
        assert "-m dask worker tcp://192.0.2.1:8786" in elsewhere.out
        assert "-m dask scheduler" not in elsewhere.out
    else:
        assert "has no way there" in elsewhere.complaint
    encrypted = shop.run("cluster", "tls://127.0.0.1:8786")
    assert encrypted.out.count("--tls-key key.pem") == 2
    assert "export DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY=key.pem" in encrypted.out


def test_an_address_that_stands_for_all(shop: Workshop) -> None:
    """Workers could not reach it."""
    assert "by which others reach" in shop.run("cluster", "tcp://0.0.0.0:8786").complaint
