"""`./lab play`: prints its address, serves it, and ends without a trace."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import Any

import aiohttp
import pytest

from harness.cli.cmd_play import ON_CONTAINERS
from tests.cli.test_elsewhere import Repository, repository
from tests.cli.workshop import NO_ENGINE, ROOT, Workshop, started

__all__ = ["repository"]
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


def test_labs_of_another_folder_are_played(repository: Repository) -> None:
    """The first of them where none is named; one that makes no sense harms no other."""
    repository.write("slow_bank/lab.py")
    repository.write("wrong/lab.py", "LAB = 1\n")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "harness.cli", "play", "--labs", "chaos"],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address, _, lab = process.stdout.readline().strip().partition("#")
        assert lab == "lab=slow-bank"
        told = asyncio.run(_opened(address, "slow-bank"))
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert [one["labs"] for one in told if one["say"] == "hello"] == [
        [{"name": "slow-bank", "title": "A small lab"}]
    ]
    assert [one["lab"] for one in told if one["say"] == "opened"] == ["slow-bank"]


async def _opened(address: str, lab: str) -> list[dict[str, Any]]:
    """Say hello to a session and open a lab in it; give all that is told."""
    told: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as client, asyncio.timeout(LIMIT_S):
        origin = "/".join(address.split("/")[:3])
        page = await client.ws_connect(f"{address}session/one", headers={"Origin": origin})
        await page.send_json({"do": "hello"})
        await page.send_json({"do": "open", "experiment": {"lab": lab, "script": []}})
        while not told or told[-1]["say"] not in ("tick", "refused", "failed"):
            told.append(await page.receive_json())
    return told


@pytest.mark.parametrize("words", [("--labs", "none"), ("--labs", "chaos")])
def test_a_folder_without_labs_is_told(repository: Repository, words: tuple[str, ...]) -> None:
    """As by `run` and `check`."""
    outcome = repository.run("play", *words)
    assert outcome.code == 2
    assert f"--labs {words[1]}" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("address", ["0.0.0.0", "here", "::1"])  # noqa: S104 - refused
def test_phones_vote_at_one_address_of_this_machine(shop: Workshop, address: str) -> None:
    """At all of them they would vote at none that the screen can name."""
    shop.write()
    outcome = shop.run("play", "small", "--vote-address", address)
    assert outcome.code == 2
    assert address in outcome.complaint


def test_containers_that_are_not_there_are_told_before_anything_is_served(shop: Workshop) -> None:
    """In the words of `run --engine compose`."""
    shop.write()
    outcome = shop.run("play", "small", "--engine", "compose")
    wanted = f"no Docker engine answers at {NO_ENGINE} (DOCKER_HOST): start Docker"
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith(wanted)
    assert outcome.complaint == shop.run("run", "small", "--engine", "compose").complaint


def test_an_engine_that_goes_while_the_console_is_open_ends_no_session() -> None:
    """Its process says what a page asks for, refuses to play in one line, and ends in order."""
    experiment = {"lab": "retry-storm", "script": []}
    commands = [
        {"do": "hello"},
        {"do": "open", "experiment": experiment},
        {"do": "play"},
        {"do": "step", "by": "second"},
    ]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-m", ON_CONTAINERS],
        input="".join(json.dumps(one) + "\n" for one in commands),
        env={**os.environ, "PYTHONPATH": str(ROOT), "DOCKER_HOST": NO_ENGINE},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["say"] for one in said] == [
        *("hello", "ok", "opened", "tick", "ok", "refused", "refused")
    ]
    assert said[0]["engine"] == "on containers"
    assert said[-2]["why"].startswith("no Docker engine answers")
    assert said[-1]["why"].startswith("step: containers live in real time")
