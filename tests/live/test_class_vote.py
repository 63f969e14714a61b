"""A vote of a class: what phones can do while it is open, and all that they cannot."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import zxingcpp
from PIL import Image, ImageOps

from harness.errors import EnvironmentNotReadyError, LabError
from harness.live import class_vote, server
from harness.live.ballot import MOST_PHONES, Ballot, Question
from harness.live.child import Child
from harness.live.class_vote import BURST, WRONG, ClassVote
from harness.live.phone_code import QUIET, code_of
from harness.live.server import Console, serving
from tests.live.test_console_server import LIMIT_S, Echo

ASKED = Question(question="When is it back?", choices=("at once", "<b>never</b>", "at 13 s"))
OPEN = {"do": "class open", "id": 1, "question": ASKED.question, "choices": list(ASKED.choices)}
VOTE_HOST = "127.0.0.3"
SCALE = 4
"""Pixels of a module, as a camera would see it."""


class Hall:
    """A vote that is open, and the phones of a class."""

    def __init__(self, vote: ClassVote) -> None:
        self.vote = vote
        self.heard = 0
        self.origin = vote.address.rpartition("/")[0]

    @asynccontextmanager
    async def phone(self, number: int = 1) -> AsyncIterator[aiohttp.ClientSession]:
        """Give a phone: each has an address of its own in the network."""
        way = aiohttp.TCPConnector(local_addr=(f"127.0.1.{number}", 0))
        async with aiohttp.ClientSession(connector=way) as client:
            yield client

    async def cast(
        self, client: aiohttp.ClientSession, choice: object, **headers: str
    ) -> aiohttp.ClientResponse:
        """Send the form as a browser does."""
        given = {"Origin": self.origin, **headers}
        return await client.post(self.vote.address, data={"choice": choice}, headers=given)


def in_hall(act: Callable[[Hall], Awaitable[None]], asked: Question = ASKED) -> None:
    async def run() -> None:
        hall: list[Hall] = []

        def changed() -> None:
            hall[0].heard += 1

        vote = ClassVote(asked, VOTE_HOST, changed)
        await vote.open()
        hall.append(Hall(vote))
        try:
            async with asyncio.timeout(LIMIT_S):
                await act(hall[0])
        finally:
            await vote.close()

    asyncio.run(run())


def test_phones_vote_once_each_and_may_change_it() -> None:
    """The page says what a phone has chosen; the instructor hears of each vote."""

    async def act(hall: Hall) -> None:
        async with hall.phone(1) as one, hall.phone(2) as two:
            page = await (await one.get(hall.vote.address)).text()
            assert page.count("<button") == 3
            assert "When is it back?" in page
            page = await (await hall.cast(one, 0)).text()
            assert "Your answer is in" in page
            assert page.count('aria-pressed="true"') == 1
            await hall.cast(two, 2)
            await hall.cast(one, 2)
            assert hall.vote.ballot.counts() == [0, 0, 2]
            assert hall.heard == 3

    in_hall(act)


def test_what_is_asked_is_text() -> None:
    """Nothing of it becomes part of the page, which runs no script and asks nobody else."""

    async def act(hall: Hall) -> None:
        async with hall.phone() as client:
            response = await client.get(hall.vote.address)
            page = await response.text()
            assert "&lt;b&gt;never&lt;/b&gt;" in page
            assert "<b>" not in page
            assert "<script" not in page
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy

    in_hall(act)


@pytest.mark.parametrize(
    "path", ["", "/", "/wrong1", "/index.html", "/session/one", "/a/b", "/page.mjs", "/%2e%2e/x"]
)
def test_without_the_code_there_is_nothing(path: str) -> None:
    """Not the question, not the code, and no vote."""

    async def act(hall: Hall) -> None:
        async with hall.phone() as client:
            headers = {"Origin": hall.origin}
            for answer in (
                await client.get(hall.origin + path),
                await client.post(hall.origin + path, data={"choice": 0}, headers=headers),
            ):
                text = await answer.text()
                assert answer.status in (404, 405)
                assert hall.vote.code not in text
                assert "When is it back?" not in text
        assert hall.vote.ballot.counts() == [0, 0, 0]

    in_hall(act)


def test_codes_are_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some wrong ones an address is not answered any more, not even with the right one."""
    monkeypatch.setattr(class_vote, "BURST", 1000.0)

    async def act(hall: Hall) -> None:
        async with hall.phone(1) as guesser, hall.phone(2) as honest:
            await guesser.get(f"{hall.origin}/favicon.ico")
            for number in range(WRONG):
                status = (await guesser.get(f"{hall.origin}/a{number:05}")).status
                assert status == 404
            assert (await guesser.get(hall.vote.address)).status == 403
            assert (await hall.cast(honest, 1)).status == 200

    in_hall(act)
    codes = {ClassVote(ASKED, VOTE_HOST, lambda: None).code for _ in range(50)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {6}


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ("-1", 400),
        ("3", 400),
        ("x", 400),
        ("", 400),
        ("\N{ARABIC-INDIC DIGIT ONE}", 400),
        ("1e0", 400),
        ("9" * 100, 400),
        ("1" * 1000, 413),
    ],
)
def test_a_vote_is_one_of_the_choices(choice: str, status: int) -> None:
    """Whatever else a form holds is refused, and so is a long one before it is read."""

    async def act(hall: Hall) -> None:
        async with hall.phone() as client:
            assert (await hall.cast(client, choice)).status == status
            headers = {"Origin": hall.origin}
            empty = await client.post(hall.vote.address, headers=headers)
            assert empty.status == 400
        assert hall.vote.ballot.counts() == [0, 0, 0]
        assert hall.heard == 0

    in_hall(act)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
)
def test_a_foreign_page_cannot_vote(headers: dict[str, str]) -> None:
    """Not by a form that posts here, and not by a name that was bound to this machine."""

    async def act(hall: Hall) -> None:
        async with hall.phone() as client:
            assert (await hall.cast(client, 1, **headers)).status == 403
            response = await client.post(hall.vote.address, data={"choice": 1})
            assert response.status == 403
        assert hall.vote.ballot.counts() == [0, 0, 0]

    in_hall(act)


def test_one_phone_cannot_keep_the_others_from_voting() -> None:
    """Too many requests of one are refused; the next phone is answered."""

    async def act(hall: Hall) -> None:
        async with hall.phone(1) as greedy, hall.phone(2) as other:
            statuses = [(await greedy.get(hall.vote.address)).status for _ in range(int(BURST) * 2)]
            assert statuses.count(200) < 2 * BURST
            assert statuses[-1] == 429
            assert (await hall.cast(other, 0)).status == 200

    in_hall(act)


def test_a_ballot_takes_so_many_phones() -> None:
    """A hall full; those that have voted may still change their votes."""
    ballot = Ballot(ASKED)
    taken = [ballot.take(f"phone {number}", 0) for number in range(MOST_PHONES + 5)]
    assert taken.count(True) == MOST_PHONES
    assert ballot.take("phone 0", 1)
    assert ballot.counts() == [MOST_PHONES - 1, 1, 0]


@pytest.mark.parametrize(
    ("question", "choices"),
    [("", ("a", "b")), ("q", ("a",)), ("q", ("a", " ")), ("q", ("a",) * 20)],
)
def test_a_question_has_text_and_choices(question: str, choices: tuple[str, ...]) -> None:
    """Else it is refused before anybody can see it."""
    with pytest.raises(LabError):
        Question(question=question, choices=choices)


def test_an_address_that_is_not_of_this_machine_is_refused() -> None:
    """With what to do."""

    async def run() -> None:
        with pytest.raises(EnvironmentNotReadyError, match="--vote-address"):
            await ClassVote(ASKED, "192.0.2.7", lambda: None).open()

    asyncio.run(run())


class Rig:
    """A console, a page of it, and what that is told."""

    def __init__(self, console: Console, client: aiohttp.ClientSession) -> None:
        self.console, self.client = console, client
        self.made: list[Echo] = []

    async def page(self, name: str = "one") -> aiohttp.ClientWebSocketResponse:
        origin = f"http://127.0.0.1:{self.console.port}"
        address = f"{self.console.address()}session/{name}"
        return await self.client.ws_connect(address, headers={"Origin": origin})

    async def told(self, page: aiohttp.ClientWebSocketResponse, say: str) -> dict[str, Any]:
        """Wait until a page is told something, and give it."""
        while (message := await page.receive_json())["say"] != say:
            pass
        return dict(message)


def with_console(act: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        async def start() -> Child:
            rig.made.append(Echo())
            return rig.made[-1]

        console = Console(start, lambda: VOTE_HOST)
        runner = await serving(console)
        try:
            async with aiohttp.ClientSession() as client, asyncio.timeout(LIMIT_S):
                rig = Rig(console, client)
                await act(rig)
        finally:
            await runner.cleanup()

    asyncio.run(run())


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "GRACE_S", 0.0)


async def refused(address: str) -> None:
    """See that nobody listens at an address."""
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(address)


def test_what_is_drawn_of_a_code_reads_as_the_address() -> None:
    """With a light border all around, without which a camera may not find it."""
    address = "http://192.168.178.123:54321/abcdef"
    told = code_of(address)
    image = Image.new("L", (told["side"], told["side"]), "white")
    for start, y, end in re.findall(r"M(\d+) (\d+)\.5H(\d+)", told["path"]):
        image.paste(0, (int(start), int(y), int(end), int(y) + 1))
    seen = image.resize((SCALE * told["side"], SCALE * told["side"]), Image.Resampling.NEAREST)
    assert [code.text for code in zxingcpp.read_barcodes(seen)] == [address]
    inside = (QUIET, QUIET, told["side"] - QUIET, told["side"] - QUIET)
    assert ImageOps.invert(image).getbbox() == inside


def test_a_page_opens_a_vote_and_all_pages_see_the_counts() -> None:
    """Those of another session too, as a second screen is; the engine hears nothing of it."""

    async def act(rig: Rig) -> None:
        page, screen = await rig.page(), await rig.page("two")
        await page.send_json({"do": "class look", "id": 0})
        assert (await rig.told(page, "class"))["open"] is False
        await page.send_json(OPEN)
        told = await rig.told(page, "class")
        assert (told["open"], told["counts"]) == (True, [0, 0, 0])
        origin = told["address"].rpartition("/")[0]
        assert origin.startswith(f"http://{VOTE_HOST}:")
        assert told["code"] == code_of(told["address"])
        await rig.client.post(told["address"], data={"choice": 2}, headers={"Origin": origin})
        for each in (page, screen):
            while (told := await rig.told(each, "class")).get("voted") != 1:
                pass
            assert told["counts"] == [0, 0, 1]
        await page.send_json({"do": "class close", "id": 2})
        while (told := await rig.told(page, "class"))["open"]:
            pass
        assert (told["counts"], told["address"], told["code"]) == ([0, 0, 1], "", None)
        await refused(origin)
        assert [each.told for each in rig.made] == [[], []]

    with_console(act)


def test_nothing_of_the_console_is_reached_from_where_phones_vote() -> None:
    """Neither with the vote's code nor with the console's own token."""

    async def act(rig: Rig) -> None:
        page = await rig.page()
        await page.send_json(OPEN)
        address = (await rig.told(page, "class"))["address"]
        origin, _, code = address.rpartition("/")
        token = rig.console.token
        for path in (f"{token}/", f"{token}/page.mjs", f"{code}/page.mjs", f"{code}/"):
            assert (await rig.client.get(f"{origin}/{path}")).status == 404
        for path in (f"{token}/session/one", f"{code}/session/one", code):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await rig.client.ws_connect(f"{origin}/{path}", headers={"Origin": origin})
        assert rig.made[0].told == []

    with_console(act)


def test_the_vote_ends_with_its_session() -> None:
    """When its last page has gone; that of another session keeps nothing open."""

    async def act(rig: Rig) -> None:
        other, page = await rig.page("two"), await rig.page()
        await page.send_json(OPEN)
        address = (await rig.told(page, "class"))["address"]
        await page.close()
        await rig.made[1].over.wait()
        await refused(address)
        await other.close()

    with_console(act)


def test_a_new_vote_takes_the_place_of_the_old_one() -> None:
    """With a code of its own and no votes."""

    async def act(rig: Rig) -> None:
        page = await rig.page()
        addresses = []
        for _ in range(2):
            await page.send_json(OPEN)
            addresses.append((await rig.told(page, "class"))["address"])
        await refused(addresses[0])
        assert (await rig.client.get(addresses[1])).status == 200

    with_console(act)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"do": "class open"}', "is missing"),
        ('{"do": "class open", "question": "q", "choices": ["a"]}', "2 to 12 choices"),
        ('{"do": "class open", "question": "q", "choices": [1, 2]}', "must be"),
        ('{"do": "class close", "now": true}', "no fields"),
        ('{"do": "class look", ', "not JSON"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, why: str) -> None:
    """With a sentence, and nothing is opened."""

    async def act(rig: Rig) -> None:
        page = await rig.page()
        await page.send_str(text)
        assert why in (await rig.told(page, "refused"))["why"]
        await page.send_str('{"do": "class look"}')
        assert json.dumps((await rig.told(page, "class"))["open"]) == "false"

    with_console(act)
