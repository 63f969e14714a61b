"""A simulated event loop for somebody else's tests: one host that may call itself, by any name.

A test and what it starts are one process here, as they are on a real loop. What tests of aiohttp
do with sockets of the machine is translated: such a socket lends its address, and carries nothing.
"""

import asyncio
import contextvars
import random
import socket
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, ClassVar, NoReturn, TypeVar, TypeVarTuple
from weakref import WeakSet

from harness.engines.sim import network
from harness.engines.sim.endings import ForbiddenError
from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import EPOCH_S, PROCESS, Process
from harness.engines.sim.redis import RedisHost

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

HOST = "127.0.0.1"
REDIS = "redis"
NAMES = (HOST, "localhost", "::1", "0.0.0.0")  # noqa: S104 - as a test writes it
"""Names and addresses that lead to a test's own host, and by its port to the Redis beside it."""


SETTLE_S = 20 * DELAY_S
"""A few round trips."""


class PeerLoop(VirtualLoop):
    """What `asyncio.new_event_loop` gives while somebody else's tests run on the simulator."""

    serves_redis: ClassVar[bool] = False
    open: ClassVar["WeakSet[PeerLoop]"] = WeakSet()
    """Loops that nobody has closed yet."""

    def __init__(self) -> None:
        super().__init__()
        PeerLoop.open.add(self)
        self.host = Process(HOST, 0, seed="peers")
        links = [SimLink(HOST, name, DELAY_S, random.Random(0)) for name in NAMES]
        self.redis = Process(REDIS, 0, seed="peers")
        net = network.Network(self, links, lambda _: (HOST, REDIS))
        net.processes.update({HOST: self.host, REDIS: self.redis})
        self._dialled: dict[int, tuple[socket.socket, tuple[str, int]]] = {}
        self._lent: list[socket.socket] = []
        self.on_crash = lambda _, details: self.default_exception_handler(details)

    def run_forever(self) -> None:
        """Run in the name of the test's process."""
        self._refused = None  # what was refused has failed its test; a fixture still cleans up
        if PeerLoop.serves_redis and not self.redis.listeners:
            redis = RedisHost(wall=lambda: EPOCH_S + self._now, rng=random.Random(0))
            self.create_task(redis.boot(), context=self.redis.context())
        token = PROCESS.set(self.host)
        try:
            super().run_forever()
        finally:
            PROCESS.reset(token)

    def close(self) -> None:
        """Close, with the sockets that have lent their addresses.

        Before, what is on its way arrives, as it does on a real loop while a test cleans up.
        """
        if not self.is_closed() and asyncio._get_running_loop() is None:  # noqa: SLF001
            self.run_until_complete(asyncio.sleep(SETTLE_S))
        super().close()
        PeerLoop.open.discard(self)
        for sock in (*self._lent, *(dialled for dialled, _ in self._dialled.values())):
            sock.close()

    def refuse(self, call: str, instead: str) -> NoReturn:
        """Fail the test that asks, and go on: its fixtures clean up, and other tests follow.

        Raises:
            ForbiddenError: always.

        """
        raise ForbiddenError(f"{call}: {instead}")

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - as asyncio has it
        """Turn debug mode on or off for the test, which may ask while no loop runs."""
        super().set_debug(enabled)
        self.get_debug = partial(bool, enabled)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: contextvars.Context | None = None,
        **options: Any,
    ) -> asyncio.Task[T]:
        """Make a task of the test's process, also where no loop runs yet."""
        if context is None and PROCESS.get() is None:
            context = contextvars.copy_context()
        if context is not None and context.get(PROCESS) is None:
            context.run(PROCESS.set, self.host)
        return super().create_task(coro, name=name, context=context, **options)

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Do at once what a test gives to a thread, which nearly always opens or reads a file."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's, who awaits it
            future.set_exception(error)
        return future

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Look an address up as the machine does."""
        return socket.getaddrinfo(host, port, **options)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Note where a socket is meant to lead; whoever makes a connection of it gets there."""
        self._dialled[id(sock)] = sock, address[:2]

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect to where a socket leads, if one is given."""
        sock = options.pop("sock", None)
        if sock is None:
            return await super().create_connection(*args, **options)
        _, (host, port) = self._dialled.pop(id(sock))
        sock.close()
        return await super().create_connection(args[0], host, port, **options)

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Listen at a socket's address, if one is given."""
        sock = options.pop("sock", None)
        if sock is None:
            return await super().create_server(*args, **options)
        self._lent.append(sock)
        host, port = sock.getsockname()[:2]
        return await super().create_server(args[0], host, port, **options)
