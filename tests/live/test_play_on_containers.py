"""The console on real containers: played over its WebSocket, and gone with whatever ends it."""

import asyncio
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import docker
import pytest
from docker import DockerClient

from harness import catalogue, store
from harness.engines.compose import janitor
from harness.engines.compose.client import why_not
from harness.model.steered_load import EXTRA, SteeredLoad
from harness.recording import number_of
from harness.store import RUNS
from tests.engines.compose.runs import left_by, of
from tests.live.console_page import ROOT

pytestmark = pytest.mark.compose

LIMIT_S = 120
GONE_S = 60
PACED_S = 5
PAUSE = {"do": "inject", "fault": {"kind": "Pause", "target": "payments"}}
SHORT = {"lab": "retry-storm", "variant": "no-retry", "duration_s": 120, "script": []}
Told = dict[str, Any]


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    if missing := why_not():
        pytest.skip(missing)
    with closing(docker.from_env()) as connected:
        yield connected


class Console:
    """`./lab play --engine compose` as anybody would start it, and what it has on the engine."""

    def __init__(self, process: "subprocess.Popen[str]", client: DockerClient) -> None:
        assert process.stdout is not None
        self.process = process
        self._client = client
        self.address = process.stdout.readline().strip().partition("#")[0]
        self.origin = self.address.rpartition("/")[0].rpartition("/")[0]

    def sessions(self) -> list[int]:
        """Give the processes of its sessions."""
        pid = self.process.pid
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def has(self, sessions: list[int]) -> list[str]:
        """Name what there is of these sessions: on the engine, and their processes."""
        return self._with(of(self._client, *sessions), sessions)

    def left(self, sessions: list[int]) -> list[str]:
        """Name what there is of these sessions when all should be gone."""
        return self._with(left_by(self._client, *sessions), sessions)

    def _with(self, resources: list[janitor.Resource], sessions: list[int]) -> list[str]:
        found = [*map(str, resources)]
        return found + [f"process {pid}" for pid in sessions if Path(f"/proc/{pid}").exists()]


@contextmanager
def started(client: DockerClient) -> Iterator[Console]:
    command = [sys.executable, "-P", "-m", "harness.cli", "play", "--engine", "compose"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Console(process, client)
        finally:
            process.terminate()


class Page:
    """One page's WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.last: Told = {}

    async def send(self, do: str, **fields: Any) -> Told:
        """Send a command, and give what it was answered with."""
        await self._socket.send_str(json.dumps({"do": do, "id": do, **fields}))
        return await self.until(lambda told: told.get("id") == do)

    async def hears(self, do: str) -> Told:
        """Send a command that is answered by a message of its own name."""
        await self._socket.send_str(json.dumps({"do": do}))
        return await self.until(lambda told: told["say"] == do)

    async def act(self, **operation: Any) -> None:
        assert (await self.send("act", operation=operation))["say"] == "ok"

    async def until(self, reached: Callable[[Told], bool]) -> Told:
        """Hear what is told until something is."""
        while True:
            told: Told = await self._socket.receive_json()
            if told["say"] == "tick":
                self.last = told
            assert told["say"] != "failed", told["why"]
            if reached(told):
                return told

    async def tick(self, reached: Callable[[Told], bool]) -> Told:
        return await self.until(lambda told: told["say"] == "tick" and reached(told))

    async def plays(self) -> None:
        """Open, play, and wait until good answers come."""
        assert (await self.send("open", experiment=SHORT))["say"] == "ok"
        assert (await self.send("play"))["say"] == "ok"
        await self.tick(lambda tick: tick["load"]["good"] > 10)


@asynccontextmanager
async def page(console: Console, session: str = "one") -> AsyncIterator[Page]:
    async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as http:
        address = f"{console.address}session/{session}"
        async with http.ws_connect(address, headers={"Origin": console.origin}) as socket:
            yield Page(socket)


def host(tick: Told, name: str) -> Told:
    return next(one for one in tick["hosts"] if one["name"] == name)


def gone(console: Console, sessions: list[int]) -> list[str]:
    """Give what is left when it should be gone, as soon as nothing is."""
    give_up_s = time.monotonic() + GONE_S
    while console.has(sessions) and time.monotonic() < give_up_s:
        time.sleep(0.2)
    return console.left(sessions)


def test_a_host_is_frozen_and_thawed_by_hand_and_the_run_is_kept(client: DockerClient) -> None:
    """Requests fail while it is frozen and get better after it; in the end nothing is left."""

    async def play(console: Console) -> tuple[Told, list[int]]:
        async with page(console) as here:
            await here.plays()
            sessions = console.sessions()
            await here.act(**PAUSE)
            frozen = await here.tick(
                lambda tick: not tick["load"]["good"] and sum(tick["load"]["failed"].values()) > 10
            )
            assert host(frozen, "payments")["state"] == "paused"
            assert [one["said"] for one in frozen["faults"]] == ["payments frozen"]
            unfit = {"do": "set", "name": "payments.service_ms", "value": 9}
            refused = await here.send("act", operation=unfit)
            assert "while it is frozen" in refused["why"]
            assert "real time" in (await here.send("pause"))["why"]
            await here.act(do="heal all")
            await here.act(do="set", name="payments.service_ms", value=5)
            healed = await here.tick(
                lambda tick: tick["load"]["good"] > 10 and not tick["load"]["failed"]
            )
            assert host(healed, "payments")["state"] == "running"
            assert host(healed, "payments")["changed"] == {"service_ms": 5}
            assert (await here.send("finish"))["say"] == "ok"
            return await here.until(lambda told: told["say"] == "ended"), sessions

    with started(client) as console:
        ended, sessions = asyncio.run(play(console))
        assert gone(console, sessions) == []
    folder = catalogue.ROOT / ended["run"]
    assert folder.parent.parent == RUNS
    assert ended["verdict"] == ""
    faults = json.loads((folder / "run.json").read_text())["recordings"][0]["faults"]
    assert [one["name"] for one in faults] == [
        "pause payments",
        "configure payments (service_ms=5)",
    ]
    assert (folder / "report.html").stat().st_size > 10_000
    shutil.rmtree(folder)


def test_the_load_is_paced_and_sent_beside_by_hand(client: DockerClient) -> None:
    """Each request is the one that the same pace gives in a simulation; in the log and as spans."""
    burst = 40

    async def play(console: Console) -> Told:
        async with page(console) as here:
            assert (await here.hears("hello"))["can"] == ["load", "finish"]
            await here.plays()
            await here.act(do="set", name="payments.service_ms", value=5)
            await here.tick(lambda tick: tick["at_s"] > PACED_S)
            await here.act(do="pace", times=2)
            paced_s = here.last["at_s"]
            await here.tick(lambda tick: tick["at_s"] > paced_s + PACED_S)
            sent = here.last["load"]["sent"]
            await here.act(do="send", count=burst)
            assert here.last["load"]["sent"] >= sent + burst
            too_fast = {"do": "pace", "times": 100}
            refused = await here.send("act", operation=too_fast)
            assert "requests a second in time, so it may be at most" in refused["why"]
            await here.tick(lambda tick: tick["at_s"] > paced_s + PACED_S + 1)
            assert (await here.send("finish"))["say"] == "ok"
            return await here.until(lambda told: told["say"] == "ended")

    with started(client) as console:
        folder = catalogue.ROOT / asyncio.run(play(console))["run"]
    recording = store.recording(folder, "compose", "no-retry")
    (surge,) = recording.surges
    assert (surge.name, surge.end_s) == ("load x 2", recording.duration_s)
    lab = catalogue.find("retry-storm").lab
    same = SteeredLoad(lab.load, 1, recording.duration_s)
    same.pace(surge.start_s, 2)
    drawn = [one for one in recording.requests if one.number < EXTRA]
    for request in drawn:
        assert (arrival := same.due())
        assert request[:3] == (arrival.number, arrival.path, arrival.at_s)
        same.take()
    assert same.due() is None
    by_hand = recording.requests[len(drawn) :]
    assert [one.number for one in by_hand] == [*range(EXTRA, EXTRA + burst)]
    assert len({one.intended_s for one in by_hand}) == 1
    served = {number_of(span.trace) for span in recording.spans if span.kind == "server"}
    assert {one.number for one in by_hand if one.good} <= served
    assert sum(one.good for one in by_hand) > burst / 2
    before, after = (
        sum(one.good for one in drawn if start_s <= one.intended_s < end_s) / (end_s - start_s)
        for start_s, end_s in ((1, surge.start_s), (surge.start_s, surge.end_s))
    )
    counted = len([one for one in drawn if one.intended_s < surge.start_s])
    # Four standard deviations of a Poisson process' counts, the smaller one's twice.
    assert after / before == pytest.approx(2, rel=4 * math.sqrt(2 / counted))
    shutil.rmtree(folder)


def test_closing_the_page_or_the_console_leaves_nothing(client: DockerClient) -> None:
    """However far the run is: while containers start, and while they are loaded."""

    async def begin(console: Console) -> list[int]:
        async with page(console) as here:
            await here.send("open", experiment=SHORT)
            await here.send("play")
            await here.until(
                lambda told: told["say"] == "starting" and told["what"] == "starting containers"
            )
            return console.sessions()

    async def loaded(console: Console) -> list[int]:
        async with page(console) as here:
            await here.plays()
            sessions = console.sessions()
            console.process.send_signal(signal.SIGINT)
            return sessions

    with started(client) as console:
        assert gone(console, asyncio.run(begin(console))) == []
        sessions = asyncio.run(loaded(console))
        assert console.process.wait(LIMIT_S) == 0
        assert console.left(sessions) == []


@pytest.mark.parametrize("with_session", [False, True])
def test_what_sigkill_leaves_is_removed(client: DockerClient, *, with_session: bool) -> None:
    """The session notices that its console is gone; killed as well, the next start removes it."""

    async def kill(console: Console) -> list[int]:
        async with page(console) as here:
            await here.plays()
            sessions = console.sessions()
            for pid in (console.process.pid, *(sessions if with_session else ())):
                os.kill(pid, signal.SIGKILL)
            return sessions

    with started(client) as console:
        sessions = asyncio.run(kill(console))
        console.process.wait()
        if with_session:
            assert console.has(sessions)
            janitor.sweep()
        assert gone(console, sessions) == []


def test_nobody_else_gets_to_the_containers(client: DockerClient) -> None:
    """No token, a foreign page, a foreign name: the same door as the simulated console's."""

    async def knock(console: Console) -> list[int]:
        async with aiohttp.ClientSession() as http:
            wrong = re.sub("/[^/]+/$", "/x/", console.address)
            for url, headers in (
                (f"{wrong}session/one", {"Origin": console.origin}),
                (f"{console.address}session/one", {"Origin": "http://example.org"}),
                (f"{console.address}session/one", {}),
                (f"{console.address}session/one", {"Host": "example.org"}),
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(url, headers=headers)
                assert refused.value.status == 403
        return console.sessions()

    with started(client) as console:
        assert asyncio.run(knock(console)) == []


def test_a_second_page_may_look_and_not_play(client: DockerClient) -> None:
    """One run at a time has the machine."""

    async def play(console: Console) -> list[int]:
        async with page(console) as one, page(console, "two") as two:
            await one.plays()
            await two.send("open", experiment=SHORT)
            assert "containers are played with already" in (await two.send("play"))["why"]
            return console.sessions()

    with started(client) as console:
        assert gone(console, asyncio.run(play(console))) == []


def test_each_button_breaks_and_cures(client: DockerClient) -> None:
    """With the values that the engine gives it; what is read back is what was asked for."""

    async def press(here: Page, kind: Told) -> str:
        """Inject and heal; give why that was refused, "" if it was not."""
        hosts = {"one": ["payments"], "other": ["checkout"]}
        place = "checkout->payments" if kind["on"] == "link" else "payments"
        values = {one["name"]: one["default"] for one in kind["fields"] if "default" in one}
        target = hosts if kind["on"] == "hosts" else {"target": place}
        fault = {"kind": kind["kind"], **values, **target}
        for operation in ({"do": "inject", "fault": fault}, {"do": "heal all"}):
            answer = await here.send("act", operation=operation)
            if answer["say"] != "ok":
                return f"{kind['kind']}: {answer['why']}"
        return ""

    async def play(console: Console) -> tuple[list[str], list[int]]:
        async with page(console) as here:
            hello = await here.hears("hello")
            await here.plays()
            refused = [await press(here, kind) for kind in hello["faults"]]
            await here.tick(lambda tick: not tick["faults"])
            return [why for why in refused if why], console.sessions()

    with started(client) as console:
        refused, sessions = asyncio.run(play(console))
        assert refused == []
        assert gone(console, sessions) == []
