"""The console's server: who may come in, how much they may send, and what a session may take."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from harness.live import server
from harness.live.child import Child, started
from harness.live.commands import MOST_BYTES
from harness.live.rates import Bucket
from harness.live.server import BURST, HEADERS, Console, serving

LIMIT_S = 60


class Echo(Child):
    """Stands for a session's process: it says back what it is told, and counts."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self.over = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    async def tell(self, line: str) -> None:
        self.told.append(line)
        self._lines.put_nowait(json.dumps({"say": "heard", "text": line}))

    def say(self, **message: Any) -> None:
        self._lines.put_nowait(json.dumps(message))

    async def lines(self) -> AsyncIterator[str]:
        while (line := await self._lines.get()) is not None:
            yield line

    async def end(self) -> None:
        self.over.set()
        self._lines.put_nowait(None)


class Rig:
    """A console that listens, and a client that may say it is somebody else."""

    def __init__(self, console: Console, client: aiohttp.ClientSession) -> None:
        self.console = console
        self.client = client
        self.made: list[Echo] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.console.port}"

    async def get(self, path: str = "", **headers: str) -> aiohttp.ClientResponse:
        return await self.client.get(self.console.address() + path, headers=headers)

    async def socket(self, name: str = "one", **headers: str) -> aiohttp.ClientWebSocketResponse:
        given = {"Origin": self.origin, **headers}
        return await self.client.ws_connect(
            f"{self.console.address()}session/{name}", headers=given
        )


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    made: list[Echo] = []

    async def start() -> Child:
        made.append(Echo())
        return made[-1]

    console = Console(start)
    runner = await serving(console)
    try:
        async with aiohttp.ClientSession() as client, asyncio.timeout(LIMIT_S):
            rig = Rig(console, client)
            rig.made = made
            yield rig
    finally:
        await runner.cleanup()
    assert all(each.is_over for each in made)


def with_rig(act: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        async with rigged() as rig:
            await act(rig)

    asyncio.run(run())


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "GRACE_S", 0.0)


def test_the_page_is_there_for_whoever_has_the_address() -> None:
    """With headers that keep others from framing it, reading it, and learning its address."""

    async def act(rig: Rig) -> None:
        for path, kind in (
            ("", "text/html"),
            ("page.mjs", "text/javascript"),
            ("style.css", "text/css"),
        ):
            response = await rig.get(path)
            assert (response.status, response.content_type) == (200, kind)
            assert HEADERS.items() <= dict(response.headers).items()
        for path in ("none.html", "..%2fserver.py", "%2e%2e/server.py", "server.py", "page/"):
            assert (await rig.get(path)).status in (403, 404)

    with_rig(act)


def test_tools_have_addresses_that_lead_to_the_page() -> None:
    """Behind the token, like all else; what is no name of one leads nowhere."""

    async def act(rig: Rig) -> None:
        for path, to in (("tools", "#tools"), ("tool/a-tool", "#tool=a-tool")):
            answer = await rig.client.get(rig.console.address() + path, allow_redirects=False)
            assert answer.status == 302
            assert answer.headers["Location"] == f"/{rig.console.token}/{to}"
            assert (await rig.client.get(f"{rig.origin}/x/{path}")).status == 403
        for name in ("A", "a%26lab=x", "..%2f", "a%0d%0ab"):
            assert (await rig.get(f"tool/{name}")).status == 404

    with_rig(act)


def test_the_page_asks_nobody_else() -> None:
    """Every address in it is relative, or a name that is not fetched."""
    texts = [path.read_text() for path in server.PAGE.iterdir()]
    found = {url for text in texts for url in re.findall(r"https?://[^\s\"'`)]+", text)}
    assert found == {"http://www.w3.org/2000/svg"}
    assert not any("import(" in text or "@import" in text for text in texts)


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "é" * 32])
def test_without_the_token_there_is_nothing(token: str, caplog: pytest.LogCaptureFixture) -> None:
    """No page, no script, no session; it is logged, and the token is in no answer and no log."""

    async def act(rig: Rig) -> None:
        root = f"{rig.origin}/{token}"
        for path in ("", "/", "/page.mjs", "/session/one"):
            response = await rig.client.get(root + path, headers={"Origin": rig.origin})
            assert response.status == 403
            assert rig.console.token not in await response.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.client.ws_connect(f"{root}/session/one", headers={"Origin": rig.origin})
        assert refused.value.status == 403
        assert rig.console.token not in caplog.text
        assert rig.made == []

    with_rig(act)
    assert "refused a request from 127.0.0.1" in caplog.text


def test_each_start_has_a_token_of_its_own() -> None:
    """Which is too long to be guessed."""

    async def start() -> Child:
        return Echo()

    tokens = {Console(start).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 32 for token in tokens)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "[::1]"},
    ],
)
def test_a_foreign_page_or_name_is_refused_even_with_the_token(headers: dict[str, str]) -> None:
    """The page and the socket; and nothing is started for it."""

    async def act(rig: Rig) -> None:
        assert (await rig.get(**headers)).status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.socket(**headers)
        assert refused.value.status == 403
        assert rig.made == []

    with_rig(act)


def test_a_socket_says_where_it_comes_from() -> None:
    """A browser always does; whoever does not is none of our pages."""

    async def act(rig: Rig) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.client.ws_connect(f"{rig.console.address()}session/one")
        assert refused.value.status == 403

    with_rig(act)


def test_what_a_page_says_reaches_its_session_and_is_heard_by_all_its_pages() -> None:
    """Those of another session hear nothing; the last one to go ends it."""

    async def act(rig: Rig) -> None:
        one, two, other = await rig.socket(), await rig.socket(), await rig.socket("other")
        await one.send_str('{"do": "hello"}')
        for page in (one, two):
            assert (await page.receive_json())["text"] == '{"do": "hello"}'
        await other.send_str("mine")
        assert (await other.receive_json())["text"] == "mine"
        assert [each.told for each in rig.made] == [['{"do": "hello"}'], ["mine"]]
        await one.close()
        await two.send_str("alone")
        assert (await two.receive_json())["text"] == "alone"
        await two.close()
        await rig.made[0].over.wait()
        assert not rig.made[1].is_over

    with_rig(act)


def test_a_page_that_comes_later_is_told_what_is_open() -> None:
    """So that a projector shows what the instructor's page shows."""

    async def act(rig: Rig) -> None:
        one = await rig.socket()
        rig.made[0].say(say="opened", lab="hall")
        assert (await one.receive_json())["lab"] == "hall"
        late = await rig.socket()
        assert (await late.receive_json())["lab"] == "hall"

    with_rig(act)


def test_there_are_only_so_many_sessions() -> None:
    """One more is told so; those that are there go on."""

    async def act(rig: Rig) -> None:
        there = [await rig.socket(f"s{number}") for number in range(server.MOST_SESSIONS)]
        more = await rig.socket("more")
        assert f"{server.MOST_SESSIONS} sessions are open" in (await more.receive_json())["why"]
        await there[0].send_str("x")
        assert (await there[0].receive_json())["text"] == "x"

    with_rig(act)


@pytest.mark.parametrize("name", ["", "A", "a/b", "a" * 33, "..", "%2e%2e"])
def test_a_session_has_a_plain_name(name: str) -> None:
    """It is no path, and short."""

    async def act(rig: Rig) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await rig.socket(name)
        assert rig.made == []

    with_rig(act)


@pytest.mark.parametrize("is_text", [True, False])
def test_what_is_too_large_or_no_text_ends_that_page_alone(*, is_text: bool) -> None:
    """The session and its other pages are unharmed."""

    async def act(rig: Rig) -> None:
        good, bad = await rig.socket(), await rig.socket()
        if is_text:
            await bad.send_str("x" * (MOST_BYTES + 1))
        else:
            await bad.send_bytes(b"\x00")
        message = await bad.receive()
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert bad.close_code in (1003, 1009)
        await good.send_str("y")
        assert (await good.receive_json())["text"] == "y"
        assert rig.made[0].told == ["y"]

    with_rig(act)


def test_commands_in_too_great_a_number_are_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that fit are taken, others refused; whoever goes on is cut off, and it is logged."""
    monkeypatch.setattr(server, "RATE", 0.0)
    monkeypatch.setattr(server, "MOST_REFUSED", 30)

    async def act(rig: Rig) -> None:
        good, bad = await rig.socket(), await rig.socket()
        for _ in range(int(BURST) + 31):
            await bad.send_str("z")
        said = []
        while (message := await bad.receive()).type is WSMsgType.TEXT:
            said.append(json.loads(message.data))
        assert bad.close_code == 1008
        assert {one["why"] for one in said if one["say"] == "refused"} == {
            "too many commands: 0 a second are taken"
        }
        assert rig.made[0].told == ["z"] * int(BURST)
        await good.send_str("still here")
        while (await good.receive_json())["text"] != "still here":
            pass

    with_rig(act)
    assert "too many commands" in caplog.text


def test_a_bucket_fills_as_time_goes_by() -> None:
    """So many a second, and no more than so many at once however long nobody came."""
    now = [0.0]
    bucket = Bucket(lambda: now[0], server.RATE, BURST)
    assert sum(bucket.takes() for _ in range(500)) == BURST
    now[0] = 1.0
    assert sum(bucket.takes() for _ in range(500)) == server.RATE
    now[0] = 1000.0
    assert sum(bucket.takes() for _ in range(500)) == BURST


def test_a_page_that_does_not_read_slows_nobody() -> None:
    """It misses pictures; whoever reads gets each, and what is no picture is kept for all."""

    async def act(rig: Rig) -> None:
        good, lazy = await rig.socket(), await rig.socket()
        assert lazy._response.connection is not None  # noqa: SLF001
        transport = lazy._response.connection.transport  # noqa: SLF001
        assert transport is not None
        transport.pause_reading()
        many, size = 200, 100_000
        for number in range(many):
            rig.made[0].say(say="tick", number=number, filling="x" * size)
            assert (await good.receive_json())["number"] == number
        rig.made[0].say(say="ended", number=-1)
        assert (await good.receive_json())["say"] == "ended"
        transport.resume_reading()
        seen = 0
        while (await lazy.receive_json())["say"] == "tick":
            seen += 1
        assert seen < many

    with_rig(act)


def test_a_page_that_never_reads_is_cut_off() -> None:
    """Before what waits for it fills the memory; the others are told all of it."""

    async def act(rig: Rig) -> None:
        good, lazy = await rig.socket(), await rig.socket()
        assert lazy._response.connection is not None  # noqa: SLF001
        transport = lazy._response.connection.transport  # noqa: SLF001
        assert transport is not None
        transport.pause_reading()
        for number in range(server.MOST_WAITING + 400):
            rig.made[0].say(say="ok", number=number, filling="x" * 20_000)
            assert (await good.receive_json())["number"] == number
        transport.resume_reading()
        while (message := await lazy.receive()).type is WSMsgType.TEXT:
            pass
        assert message.type is not WSMsgType.CLOSE
        await good.send_str("still here")
        assert (await good.receive_json())["text"] == "still here"

    with_rig(act)


def test_nothing_listens_but_the_loopback(caplog: pytest.LogCaptureFixture) -> None:
    """And a port that is drawn is told."""
    caplog.set_level(logging.WARNING)

    async def run() -> None:
        console = Console(started)
        runner = await serving(console)
        try:
            assert [address[0] for address in runner.addresses] == ["127.0.0.1"]
            assert console.address().startswith(f"http://127.0.0.1:{console.port}/")
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_a_real_session_is_played_and_ends_with_its_page() -> None:
    """Through the page's socket and a process: hello, open, a step, a fault, malformed words."""

    async def run() -> None:
        children: list[Child] = []

        async def start() -> Child:
            children.append(await started())
            return children[-1]

        console = Console(start)
        runner = await serving(console)
        try:
            async with aiohttp.ClientSession() as client, asyncio.timeout(LIMIT_S):
                page = await client.ws_connect(
                    f"{console.address()}session/one",
                    headers={"Origin": f"http://127.0.0.1:{console.port}"},
                )
                experiment = {"lab": "config-push", "script": []}
                inject = {"do": "inject", "fault": {"kind": "Pause", "target": "config"}}
                commands: list[dict[str, Any]] = [
                    {"do": "open", "id": 1, "experiment": experiment},
                    {"do": "step", "id": 2, "by": "second"},
                    {"do": "act", "id": 3, "operation": inject},
                ]
                for command in commands:
                    await page.send_json(command)
                await page.send_str('{"do": \n')
                said: list[dict[str, Any]] = []
                while not said or said[-1]["say"] != "refused":
                    said.append(await page.receive_json())
                kinds = [one["say"] for one in said]
                assert kinds == [
                    "opened",
                    "tick",
                    "ok",
                    "tick",
                    "ok",
                    "acted",
                    "tick",
                    "ok",
                    "refused",
                ]
                assert said[-3]["faults"][0]["said"] == "config frozen"
                await page.close()
                await children[0]._process.wait()  # noqa: SLF001 - nobody else has to wait
        finally:
            await runner.cleanup()

    asyncio.run(run())
