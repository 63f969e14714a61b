"""Links: every edge goes through a simulated Toxiproxy, with toxics in both directions.

A connect succeeds as long as the proxy listens, whatever the callee does; the proxy then dials
the callee, one connection after the other, and passes bytes on both ways after the link's delay.
When either side ends, the proxy ends both.
"""

import asyncio
import errno
import random
from collections import deque
from collections.abc import Callable

from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import KERNEL
from harness.engines.sim.toxics import Chunk, Interrupted, Stub, make
from harness.model.fault import Connects, ToxicSpec

SYN_RETRY_S = 1.0
"""Linux's first retransmission of a connect that found the callee's queue full; then doubled."""

SYN_RETRIES = 6
"""How often Linux sends a connect again before it gives up, by default."""


class Pipe:
    """One direction of a connection: bytes leave in order and arrive after the link's delay."""

    __slots__ = (
        "_ended",
        "_link",
        "_loop",
        "_resets",
        "_stubs",
        "_to",
        "_waiting",
        "number",
        "reverse",
        "stream",
    )

    reverse: "Pipe | None"

    def __init__(self, loop: VirtualLoop, link: "SimLink", stream: str, number: int) -> None:
        self._loop = loop
        self.number = number
        self._link = link
        self._to: Endpoint | None = None
        self._waiting: list[bytes | None] = []
        self._stubs: list[tuple[str, Stub]] = []
        self._ended = False
        self._resets = False
        self.stream = stream

    def connect(self, to: Endpoint) -> None:
        """Start passing on: first what the proxy kept until the callee was dialled."""
        self._to = to
        self._link.pipes[self] = None
        for toxic in self._link.toxics.values():
            self.add(toxic)
        self._resets = any(toxic.type == "reset_peer" for toxic in self._link.toxics.values())
        for data in self._waiting:
            self._enter(data)
        self._waiting.clear()

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        if self._ended:
            return
        if self._to is None:
            self._waiting.append(data)
        elif self._stubs:
            self._enter(data)
        else:
            link = self._link
            if link.tell is not None:
                link.tell("data", self.number, self.stream, len(data))
            self._loop.call_later(link.delay_s, self._to.arrive, data, context=KERNEL)

    def end(self) -> None:
        """Put the end of file behind the bytes."""
        if self._ended:
            return
        if self._to is None:
            self._waiting.append(None)
        else:
            self._enter(None)

    def add(self, toxic: ToxicSpec) -> None:
        """Put a toxic behind those that are there, if this connection is to have it."""
        if toxic.stream != self.stream or self._link.rng.random() >= toxic.toxicity:
            return
        stub = Stub(self._loop, self._link.rng)
        stub.send, stub.drop = self._leave, self._dropped
        if self._stubs:
            self._stubs[-1][1].send = stub.feed
        self._stubs.append((toxic.name, stub))
        self._loop.create_task(_work(toxic, stub), name="toxic", context=KERNEL.copy())

    def remove(self, name: str) -> None:
        """Take a toxic off; what it held goes on at once."""
        for _, stub in [there for there in self._stubs if there[0] == name]:
            stub.interrupt()

    def sever(self) -> None:
        """End at once, whatever is still on its way through toxics."""
        self._leave(None)

    def _enter(self, data: bytes | None) -> None:
        chunk = None if data is None else Chunk(data, self._loop.time())
        if self._stubs:
            self._stubs[0][1].feed(chunk)
        else:
            self._leave(chunk)

    def _dropped(self, chunk: Chunk) -> None:
        if self.reverse and self.reverse._to:  # noqa: SLF001 - the same connection
            self.reverse._to.acknowledge(len(chunk.data))  # noqa: SLF001

    def _leave(self, chunk: Chunk | None) -> None:
        to = self._to
        if self._ended or to is None:
            return
        delay_s = self._link.delay_s
        if self._link.tell is not None:
            size = len(chunk.data) if chunk else 0
            self._link.tell("data" if chunk else "end", self.number, self.stream, size)
        if chunk is not None:
            self._loop.call_later(delay_s, to.arrive, chunk.data, context=KERNEL)
            return
        reverse = self.reverse
        # What has ended lets go of the rest, or it would wait for the collector of cycles.
        self._ended, self._to, self.reverse = True, None, None
        self._link.pipes.pop(self, None)
        for _, stub in self._stubs:
            stub.send = _nowhere
            stub.interrupt()
        arrive = to.arrive_reset if self._resets else to.arrive_end
        self._loop.call_later(delay_s, arrive, context=KERNEL)
        if reverse:
            reverse.end()


class SimLink:
    """A proxied edge; `delay_s` is one way, from caller to callee."""

    def __init__(self, caller: str, callee: str, delay_s: float, rng: random.Random) -> None:
        self.caller = caller
        self.callee = callee
        self.delay_s = delay_s
        self.rng = rng
        self.up = True
        self.connects = Connects.ACCEPTED
        self.tell: Callable[[str, int, str, int], None] | None = None
        self.toxics: dict[str, ToxicSpec] = {}
        self._dialled = 0
        self.pipes: dict[Pipe, None] = {}
        self._dials: deque[tuple[Endpoint, Pipe, Callable[[], Accept | None]]] = deque()

    @property
    def name(self) -> str:
        """The proxy's name, `caller->callee`."""
        return f"{self.caller}->{self.callee}"

    def add(self, toxic: ToxicSpec) -> None:
        """Add a toxic to live connections and to new ones."""
        self.toxics[toxic.name] = toxic
        for pipe in self.pipes:
            pipe.add(toxic)

    def remove(self, name: str) -> None:
        """Take a toxic off live connections and new ones."""
        self.toxics.pop(name, None)
        for pipe in self.pipes:
            pipe.remove(name)

    def set_up(self, *, up: bool) -> None:
        """Listen, or refuse connects and end the live connections; toxics stay."""
        self.up = up
        if not up:
            for pipe in list(self.pipes):
                pipe.sever()

    async def connect(self) -> None:
        """Let a caller's kernel knock until it is answered; takes one round trip when it is.

        Raises:
            ConnectionRefusedError: the link is down, or refuses new connections.
            TimeoutError: nobody has answered for some two minutes, as Linux has it.

        """
        retry_s = SYN_RETRY_S
        for _ in range(SYN_RETRIES + 1):
            if self.connects is not Connects.UNANSWERED:
                await asyncio.sleep(2 * self.delay_s)
                if self.up and self.connects is not Connects.REFUSED:
                    return
                raise ConnectionRefusedError(111, f"{self.name}: connection refused")
            await asyncio.sleep(retry_s)
            retry_s *= 2
        raise TimeoutError(errno.ETIMEDOUT, f"{self.name}: connect not answered")

    def dial(
        self, loop: VirtualLoop, client: Endpoint, accept: Callable[[], "Accept | None"]
    ) -> None:
        """Let the proxy dial the callee for a client, after those that wait already.

        `accept` gives the callee's listener: None when nothing listens there.
        """
        self._dialled += 1
        up = Pipe(loop, self, "upstream", self._dialled)
        down = Pipe(loop, self, "downstream", self._dialled)
        if self.tell is not None:
            self.tell("connect", self._dialled, up.stream, 0)
        up.reverse, down.reverse = down, up
        client.pipe = up
        self._dials.append((client, up, accept))
        if len(self._dials) == 1:
            self._try(loop, SYN_RETRY_S)

    def _try(self, loop: VirtualLoop, retry_s: float) -> None:
        while self._dials:
            client, up, accept = self._dials[0]
            listener = accept()
            if listener and listener.full():
                loop.call_later(retry_s, self._try, loop, 2 * retry_s, context=KERNEL)
                return
            self._dials.popleft()
            retry_s = SYN_RETRY_S
            down = up.reverse
            assert down is not None  # noqa: S101 - neither has ended: they are not connected
            down.connect(client)
            if listener is None:
                down.end()
            else:
                server = listener.accept(down, client.get_extra_info("sockname")[1])
                server.peer, client.peer = client, server
                up.connect(server)


class Accept:
    """A listening socket, as the proxy meets it."""

    def full(self) -> bool:
        """Say whether the kernel drops further connects for now."""
        raise NotImplementedError

    def accept(self, pipe: Pipe, port: int) -> Endpoint:
        """Finish the handshake with the proxy's port; the callee writes to the pipe."""
        raise NotImplementedError


async def _work(toxic: ToxicSpec, stub: Stub) -> None:
    acting = make(toxic)
    try:
        await acting.pipe(stub)
    except Interrupted:
        if acting.closes_on_removal:
            stub.close()
        else:
            stub.flush()


def _nowhere(chunk: Chunk | None) -> None:
    del chunk
