"""`./lab play`: prints its address, serves it, and ends without a trace."""

import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest

from tests.cli.workshop import ROOT, Workshop, started

ADDRESS = re.compile(r"(http://127\.0\.0\.1:(\d+)/([\w-]{32})/)#lab=small\n")
LIMIT_S = 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_console_is_served_until_it_is_told_to_end(
    shop: Workshop, number: signal.Signals
) -> None:
    """The address opens the page; then nobody answers there, and the exit code is 0."""
    shop.write()
    process = started(shop, "play", "small", PYTHONUNBUFFERED="1")
    try:
        assert process.stdout is not None
        found = ADDRESS.fullmatch(process.stdout.readline())
        assert found
        assert "Ctrl-C ends the console" in process.stdout.readline()
        with urllib.request.urlopen(found[1], timeout=LIMIT_S) as page:  # noqa: S310 - our own
            assert b"Chaoslab console" in page.read()
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(found[2])), timeout=LIMIT_S)


def test_a_lab_that_is_not_there_is_told_before_anything_is_served(shop: Workshop) -> None:
    """As by every other command."""
    shop.write()
    assert "no lab" in shop.run("play", "smaal").complaint


def test_a_port_that_is_taken_is_told(shop: Workshop) -> None:
    """With what to do."""
    shop.write()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = shop.run("play", "small", "--port", str(port))
    assert (outcome.code, f"port {port} of 127.0.0.1 is taken" in outcome.complaint) == (2, True)


def test_the_page_is_part_of_the_package() -> None:
    """Else an installed one would serve nothing."""
    done = subprocess.run(
        ["git", "ls-files", "harness/live/page"],  # noqa: S607 - git is whose tests these are
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert {"html", "mjs", "css", "svg"} <= kinds
    assert '"harness.live" = ["page/*"]' in (ROOT / "pyproject.toml").read_text()
