"""What the console's server does itself for a page: it opens and closes a vote of a class.

    {"do": "class look"}                                     -> class: as it is
    {"do": "class open", "question": "...", "choices": [...]}
    {"do": "class close"}

They come over a session's socket like all commands, with `do` in front, and are answered by `ok` or
`refused`; no engine sees them. Every page of the console is told `class` when something changes:
the address that phones type, the same as a code that they read, whether it is open, and the counts.
"""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from harness.errors import ChaoslabError, LabError
from harness.live.ballot import Question
from harness.live.class_vote import ClassVote
from harness.live.commands import read
from harness.live.phone_code import code_of
from harness.model.plain_values import value_of

OWN = re.compile(r'\s*\{\s*"do"\s*:\s*"class (look|open|close)"')
TELL_S = 0.2
"""Between two counts that pages are told."""


class ClassDesk:
    """At most one vote at a time; `host` finds the address at which phones come in."""

    def __init__(self, host: Callable[[], str], tell: Callable[[str], None]) -> None:
        self._host, self._tell = host, tell
        self._vote: ClassVote | None = None
        self._last: dict[str, Any] = {}
        self._code: dict[str, Any] | None = None
        self._of: object = None
        self._due: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()

    @staticmethod
    def is_for(text: str) -> bool:
        """Say whether a message is for the server, and not for a session's engine."""
        return OWN.match(text) is not None

    async def take(self, text: str, of: object) -> str:
        """Do what a page of a session asks for; give the answer."""
        number: object = None
        try:
            message = read(text)
            number, do = message.pop("id", None), str(message.pop("do"))
            async with self._turn:
                await self._do(do.partition(" ")[2], message, of)
        except ChaoslabError as error:
            return json.dumps({"say": "refused", "id": number, "why": str(error)})
        self._say()
        return json.dumps({"say": "ok", "id": number})

    async def left(self, of: object) -> None:
        """Close the vote with the session for which it was opened."""
        async with self._turn:
            if self._of is of:
                await self._close()

    async def _do(self, do: str, fields: dict[str, Any], of: object) -> None:
        if do != "open":
            if fields:
                raise LabError(f"class {do}: it has no fields")
            if do == "close":
                await self._close()
            return
        vote = ClassVote(value_of(Question, fields, "class open"), self._host(), self._changed)
        await vote.open()
        await self._close()
        self._vote, self._of, self._code = vote, of, code_of(vote.address)

    async def _close(self) -> None:
        vote, self._vote, self._of, self._code = self._vote, None, None, None
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if vote is not None:
            await vote.close()
            self._last = vote.ballot.to_json()

    def _changed(self) -> None:
        """Tell of votes soon, and not of each."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(TELL_S, self._say)

    def _say(self) -> None:
        self._due = None
        vote = self._vote
        told = self._last if vote is None else vote.ballot.to_json()
        address = "" if vote is None else vote.address
        shown = {"address": address, "code": self._code}
        self._tell(json.dumps({"say": "class", "open": vote is not None, **shown, **told}))
