"""Redis in the simulation: fakeredis behind RESP, in virtual time, on the simulated network.

Nothing here has a thread or a task: a command runs when its bytes arrive, one that waits when a
key changes or its time is over. So pausing the host holds replies, and killing it ends it.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fakeredis._helpers import SimpleError
from redis.asyncio import Connection

from harness.engines.sim.redis_session import Memory, Session, VirtualClock, new_keyspaces
from harness.engines.sim.resp import ProtocolError, Requests, encode

PORT = 6379
BACKLOG = 511
"""Redis's own default, `tcp-backlog`."""


class RedisHost:
    """A host that runs Redis, over its restarts.

    `wall` is the host's wall clock in seconds since 1970; `rng` decides what Redis draws at
    random. `persistent` is `appendonly yes`: a restart finds all that was written; without it,
    nothing.
    """

    def __init__(
        self, *, wall: Callable[[], float], rng: random.Random, persistent: bool = False
    ) -> None:
        self._clock = VirtualClock(wall, rng)
        self._persistent = persistent
        self._keyspaces = new_keyspaces()

    async def boot(self) -> None:
        """Serve on `PORT` until the process ends; await it in the new process's context."""
        if not self._persistent:
            self._keyspaces = new_keyspaces()
        with self._clock:
            memory = Memory(self._keyspaces)
        await asyncio.get_running_loop().create_server(
            partial(ClientConnection, memory, self._clock), port=PORT, backlog=BACKLOG
        )


class SimConnection(Connection):
    """redis-py's connection in a simulated process, which may be killed with it open.

    What such a process had under way is collected when the run is over, if not later still.
    """

    async def disconnect(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - redis-py's
        """Close, unless there is nobody left to close for."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        await super().disconnect(*args, **options)

    def __del__(self) -> None:  # type: ignore[override]
        """Say nothing; redis-py would warn, and close."""


class ClientConnection(asyncio.Protocol):
    """One client's connection, as Redis has it: requests in, replies and messages out."""

    _transport: asyncio.Transport

    def __init__(self, memory: Memory, clock: VirtualClock) -> None:
        self._memory = memory
        self._clock = clock
        self._requests = Requests()
        with clock:
            self._session = Session(memory, self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Run what has arrived."""
        self._requests.feed(data)
        with self._clock:
            self._run()

    def connection_lost(self, _: Exception | None) -> None:
        """Drop what the client waited for and listened to."""
        if not self._session.gone:
            self._session.leave()

    def send(self, reply: bytes) -> None:
        """Put a reply on the wire."""
        self._transport.write(reply)

    def hang_up(self) -> None:
        """Close, behind what is sent in this round."""
        asyncio.get_running_loop().call_soon(self._transport.close)

    def give_up(self) -> None:
        """End a blocked command whose time is over, and go on with what came after it."""
        with self._clock:
            self._session.give_up()
            self._run()

    def _run(self) -> None:
        ready = deque([self._session])
        while ready:
            for _ in ready.popleft().client.requests():
                ready.extend(self._memory.serve_waiting(self._clock.wall()))

    def requests(self) -> Iterator[None]:
        """Run requests one by one, until there are no more or one waits."""
        session = self._session
        try:
            while not (session.gone or session.waits) and (request := self._requests.next()):
                session.run(request)
                yield
        except ProtocolError as error:
            self.send(encode(SimpleError(f"ERR Protocol error: {error}"), 2))
            session.kill()
