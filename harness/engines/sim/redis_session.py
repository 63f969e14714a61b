"""fakeredis as the simulation needs it: virtual time, seeded dice, and the order of Redis.

What single commands do otherwise than in Redis is in `redis_differences.py`; who is served first
when several wait is here.
"""

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from fakeredis import FakeServer
from fakeredis._core import Database
from fakeredis._helpers import NoResponse, SimpleError

from harness.engines.sim.redis_differences import RedisSocket
from harness.engines.sim.resp import encode, encode_push

VERSION = (7, 0)
"""What the containers run: Debian 12's Redis."""

_LOADED = sys.modules.copy()  # as another thread may import meanwhile
_MODULES = [vars(module) for name, module in _LOADED.items() if name.startswith("fakeredis.")]
_WITH_CLOCK = [names for names in _MODULES if names.get("time") is time]
_WITH_DICE = [names for names in _MODULES if names.get("random") is random]

FIRST_PASS, LATER_PASS = True, False
"""What fakeredis tells a command that may block when it is tried."""


class VirtualClock:
    """While entered, fakeredis reads this wall clock and draws from this generator.

    It is entered for as long as a command runs and no longer, so that two hosts may differ in
    both, and so that fakeredis is as it was for whoever else uses it.
    """

    def __init__(self, wall: Callable[[], float], rng: random.Random) -> None:
        self.wall = wall
        self._clock = SimpleNamespace(time=wall)
        self._rng = rng

    def __enter__(self) -> None:
        for names in _WITH_CLOCK:
            names["time"] = self._clock
        for names in _WITH_DICE:
            names["random"] = self._rng

    def __exit__(self, *_: object) -> None:
        for names in _WITH_CLOCK:
            names["time"] = time
        for names in _WITH_DICE:
            names["random"] = random


class Keyspace(Database):
    """One numbered database, which notes that a key has changed."""

    changed = False

    def wake_all(self) -> None:
        """Note a change; those who wait are served when the command is over."""
        self.changed = True


def new_keyspaces() -> defaultdict[int, Keyspace]:
    """Make the databases of a Redis that has never been written to."""
    return defaultdict(lambda: Keyspace(None))


class _Ordered(dict["Session", None]):
    """A set in the order of joining; fakeredis's own goes by memory address."""

    def add(self, session: "Session") -> None:
        self[session] = None

    def discard(self, session: "Session") -> None:
        self.pop(session, None)

    remove = discard


class Memory(FakeServer):
    """What one process of Redis holds: the data, who has subscribed, and who waits."""

    def __init__(self, keyspaces: defaultdict[int, Keyspace]) -> None:
        super().__init__(version=VERSION)
        self.dbs: defaultdict[int, Any] = keyspaces
        self.subscribers: defaultdict[bytes, Any] = defaultdict(_Ordered)
        self.psubscribers: defaultdict[bytes, Any] = defaultdict(_Ordered)
        self.ssubscribers: defaultdict[bytes, Any] = defaultdict(_Ordered)
        self.waiting: dict[Session, Wait] = {}

    def serve_waiting(self, now: float) -> Iterator["Session"]:
        """Let those who wait try again, first come first served; give those who got an answer.

        Source of the order: `handleClientsBlockedOnKeys` of Redis.
        """
        while self.waiting and any(keyspace.changed for keyspace in self.dbs.values()):
            for keyspace in self.dbs.values():
                keyspace.changed = False
                keyspace.time = now
            yield from [session for session in tuple(self.waiting) if session.retry()]


@dataclass(slots=True)
class Wait:
    """A blocked command: how to try again, what to make of the result, when to give up."""

    attempt: Callable[[bool], Any]
    shape: Callable[[Any], Any]
    timer: asyncio.TimerHandle | None


class Client(Protocol):
    """A connection, as a session sees it."""

    def send(self, reply: bytes) -> None:
        """Put a reply on the wire."""

    def hang_up(self) -> None:
        """Close, behind what has been sent."""

    def give_up(self) -> None:
        """Call the session's own `give_up`, and go on with the requests behind it."""

    def requests(self) -> Iterator[None]:
        """Run requests one by one, until there are no more or one waits."""


class Reply(bytes):
    """An encoded answer to a command, as opposed to a message that is pushed."""

    __slots__ = ()


class Session(RedisSocket):
    """What Redis knows of one client; whatever it says goes to `client` as RESP."""

    _server: Memory

    def __init__(self, memory: Memory, client: Client) -> None:
        super().__init__(memory, 0, client_class=object)
        self.client = client

    @property
    def waits(self) -> bool:
        """Whether a blocked command holds back the client's next ones."""
        return self in self._server.waiting

    @property
    def gone(self) -> bool:
        """Whether the client has been forgotten."""
        return self._killed

    def run(self, request: list[bytes]) -> None:
        """Run one request; its answer, if there is one yet, is sent."""
        self.request = request
        try:
            self._process_command(request)
        except Exception as error:  # noqa: BLE001 - of fakeredis: the client must not wait for ever
            self.put_response(
                self._decode_result(
                    self.why(error, request[0].decode(errors="replace"), request[1:])
                )
            )

    def retry(self) -> bool:
        """Try a blocked command again; say whether it is over."""
        wait = self._server.waiting[self]
        try:
            if self._unblock_reason is not None:
                self._take_unblock_reason()
                result = None
            elif (result := wait.attempt(LATER_PASS)) is None:
                return False
            result = wait.shape(result)
        except SimpleError as error:
            result = error
        self._end_wait(result)
        return True

    def give_up(self) -> None:
        """Answer a blocked command whose time is over."""
        self._end_wait(self._server.waiting[self].shape(None))

    def leave(self) -> None:
        """Forget the client: its subscriptions, its watches, what it waits for."""
        self._stop_waiting()
        for members in self._server.ssubscribers.values():
            members.discard(self)
        super().kill()

    # What fakeredis calls.

    def kill(self) -> None:
        """Forget the client and hang up, after what it has still been sent (`CLIENT KILL`)."""
        self.leave()
        self.client.hang_up()

    def put_response(self, msg: Any) -> None:  # noqa: ANN401 - anything that fakeredis says
        """Send a reply or a pushed message."""
        if not isinstance(msg, Reply):
            msg = encode_push(msg, self._client_info.protocol_version)
        self.client.send(msg)

    def _decode_result(self, result: Any) -> Any:  # noqa: ANN401 - anything that fakeredis says
        if isinstance(result, NoResponse):
            return result
        return Reply(encode(result, self._client_info.protocol_version))

    def _blocking(
        self,
        timeout: float | None,
        func: Callable[[bool], Any],
        shape: Callable[[Any], Any] | None = None,
    ) -> Any:  # noqa: ANN401 - anything that fakeredis says
        shape = shape or _as_it_is
        result = func(FIRST_PASS)
        in_script = self._script_resp is not None
        if result is not None or self._in_transaction or in_script:
            return shape(result)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(timeout, self.client.give_up) if timeout else None
        self._server.waiting[self] = Wait(func, shape, timer)
        self._blocked = True
        return NoResponse()

    def _end_wait(self, result: object) -> None:
        self._stop_waiting()
        self.put_response(self._decode_result(result))

    def _stop_waiting(self) -> None:
        wait = self._server.waiting.pop(self, None)
        if wait and wait.timer:
            wait.timer.cancel()
        self._blocked = False
        self._unblock_reason = None


def _as_it_is(result: object) -> object:
    return result
