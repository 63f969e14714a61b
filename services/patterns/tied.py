"""Tied requests: two copies wait in two queues, and the one that starts cancels the other.

A hedge waits before it asks twice, and then both may be worked on. Tied copies are both sent early
and each knows where the other is: whichever server begins its copy tells the other server, which
drops its own if that still waits. So a request waits in the shorter of two queues, and is worked on
once, unless both begin within the time that a message takes; `after_ms` holds the second copy back
by about twice that. Source: Dean and Barroso, "The Tail at Scale" (CACM 56(2), 2013). In
production: nothing that is offered ready; Google's file system does it, most others hedge.

The caller has `tied` in `outgoing.order`, and the servers have it in `incoming.order` in front of
their queue (`tied,shed`); they call each other, so each names the others in `calls=`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from services.patterns.guards import Answer, Asked, Call, Refused, Sabotage, Surroundings
from services.patterns.hedging import cancel, sent
from services.settings import SettingError, at_least, live

PATH = "/tied/"
"""Under which a server is told that the other copy has begun; the tie's name follows."""
DROPPED = 421
"""Misdirected Request: another server answers."""
COPIES = 2
REMEMBERED = 10_000
"""As many words that a copy has begun are kept for copies that have not come yet."""


class DroppedError(Refused):
    """The other copy has begun, so this one is not worked on."""

    status = DROPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which hosts copies go to (`web-1, web-2`), two drawn for each request, and how far apart."""

    among: str = live("")
    after_ms: float = live(1)

    def __post_init__(self) -> None:
        at_least(0, after_ms=self.after_ms)

    def hosts(self) -> list[str]:
        """Name the hosts that copies may go to.

        Raises:
            SettingError: there are not two.

        """
        names = [name.strip() for name in self.among.split(",") if name.strip()]
        if len(set(names)) < COPIES:
            raise SettingError(f"tied.among is {self.among!r}; name two hosts or more, by commas")
        return names


class Tied:
    """Sends a request as two copies that know of each other, and takes such copies."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._waiting: dict[str, asyncio.Task[Answer]] = {}
        self._begun_elsewhere: OrderedDict[str, None] = OrderedDict()
        self._words: set[asyncio.Future[None]] = set()

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Send two copies; or take one; or take the word that the other one has begun.

        Raises:
            DroppedError: this copy is not worked on.
            SettingError: there are no two hosts to send copies to.

        """
        if asked.resource.startswith(PATH):
            self._drop(asked.resource.removeprefix(PATH))
            return Answer(b"noted\n")
        if asked.tie:
            return await self._take(asked, call)
        return await (call(asked) if self._around.serves else self._send(asked, call))

    async def _send(self, asked: Asked, call: Call) -> Answer:
        hosts = self._around.rng.sample(self._settings().hosts(), COPIES)
        name = f"{self._around.rng.getrandbits(64):016x}"
        running: list[asyncio.Task[Answer]] = []
        try:
            for number, (host, other) in enumerate(zip(hosts, reversed(hosts), strict=True)):
                copy = replace(
                    asked, key=host, tie=f"{name} {other}", attempt=asked.attempt + number
                )
                running.append(sent(call, copy))
                if not number:
                    await asyncio.wait(running, timeout=self._settings().after_ms / 1000)
                    if _is_answered(running[0]):
                        break
            return await _first(running)
        finally:
            await cancel(running)

    async def _take(self, asked: Asked, call: Call) -> Answer:
        name, _, other = asked.tie.partition(" ")
        if name in self._begun_elsewhere:
            self._around.count("came late")
            raise DroppedError("the other copy has begun")

        def begin() -> None:
            del self._waiting[name]
            self._around.count("begun")
            self._in_background(self._around.tell(other, f"{PATH}{name}"))

        copy = self._waiting[name] = sent(call, replace(asked, begin=begin))
        try:
            return await copy
        except asyncio.CancelledError:
            if name in self._begun_elsewhere and copy.cancelled():
                raise DroppedError("the other copy has begun") from None
            raise
        finally:
            self._waiting.pop(name, None)

    def _drop(self, name: str) -> None:
        """Drop a copy that waits, or that is still to come; one that has begun goes on."""
        self._begun_elsewhere[name] = None
        if len(self._begun_elsewhere) > REMEMBERED:
            self._begun_elsewhere.popitem(last=False)
        if copy := self._waiting.pop(name, None):
            self._around.count("dropped")
            copy.cancel()

    def _in_background(self, word: Awaitable[None]) -> None:
        # Held until it is said: the loop itself holds no task that waits.
        task = asyncio.ensure_future(word)
        self._words.add(task)
        task.add_done_callback(self._words.discard)


def _is_answered(copy: asyncio.Task[Answer]) -> bool:
    return copy.done() and not copy.cancelled() and copy.exception() is None


async def _first(running: list[asyncio.Task[Answer]]) -> Answer:
    """Give the first answer of a copy that was worked on; else the failure of one that was."""
    pending, failure = set(running), None
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for copy in (one for one in running if one in done):
            if error := copy.exception():
                failure = failure or error
            elif copy.result().status != DROPPED:
                return copy.result()
    raise failure or DroppedError("both copies were dropped")


SABOTAGES = (
    Sabotage(Tied, "_drop", lambda *_: None),
    Sabotage(Tied, "_in_background", lambda _, word: word.close()),
    Sabotage(Settings, "hosts", lambda settings: settings.among.split(",")[:1] * 2),
)
