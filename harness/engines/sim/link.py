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
from functools import partial

from harness.engines.sim.endpoint import WINDOW_BYTES, Endpoint
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.pipe import Pipe
from harness.engines.sim.process import KERNEL
from harness.errors import LabError
from harness.model.fault import Connects, ToxicSpec

SYN_RETRY_S = 1.0
"""Linux's first retransmission of a connect that found the callee's queue full; then doubled."""

SYN_RETRIES = 6
"""How often Linux sends a connect again before it gives up, by default."""


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
        self.window_bytes = WINDOW_BYTES
        self._dialled = 0
        self.pipes: dict[Pipe, None] = {}
        self._dials: deque[tuple[Endpoint, Pipe, Callable[[], Accept | None]]] = deque()

    @property
    def name(self) -> str:
        """The proxy's name, `caller->callee`."""
        return f"{self.caller}->{self.callee}"

    def add(self, toxic: ToxicSpec) -> None:
        """Add a toxic to live connections and to new ones.

        Raises:
            LabError: the link has one of that name.

        """
        if toxic.name in self.toxics:
            raise LabError(f"{self.name} has a toxic {toxic.name} already: remove that one first")
        self.toxics[toxic.name] = toxic
        for pipe in list(self.pipes):
            pipe.add(toxic)

    def remove(self, name: str) -> None:
        """Take a toxic off live connections and new ones."""
        self.toxics.pop(name, None)
        for pipe in list(self.pipes):
            pipe.remove(name)
        assert not any(pipe.has(name) for pipe in self.pipes), f"{name} is still on a connection"

    def set_up(self, *, up: bool) -> None:
        """Listen, or refuse connects and end the live connections; toxics stay."""
        self.up = up
        if not up:
            self.sever()

    def sever(self) -> None:
        """End the live connections, whatever is on its way through toxics."""
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
        client.pipe, client.inbound = up, down
        self._dials.append((client, up, accept))
        if len(self._dials) == 1:
            self._try(loop, SYN_RETRY_S)

    def _try(self, loop: VirtualLoop, retry_s: float, *, is_second: bool = False) -> None:
        """Dial for those that wait; whoever finds the callee's queue full knocks again later.

        A dial takes a moment, in which a callee that is free accepts: before its queue counts as
        full, it has had a turn.
        """
        while self._dials:
            client, up, accept = self._dials[0]
            listener = accept()
            if listener and listener.full():
                if is_second:
                    loop.call_later(retry_s, self._try, loop, 2 * retry_s, context=KERNEL)
                else:
                    again = partial(self._try, loop, retry_s, is_second=True)
                    loop.call_soon(again, context=KERNEL)
                return
            is_second = False
            self._dials.popleft()
            retry_s = SYN_RETRY_S
            down = up.reverse
            assert down is not None  # neither has ended: they are not connected
            if listener is None:
                self._refuse(loop, client, up)
            else:
                down.connect(client)
                up.connect(listener.accept(up, down, client.get_extra_info("sockname")[1]))

    def _refuse(self, loop: VirtualLoop, client: Endpoint, up: Pipe) -> None:
        """Close a client whose callee cannot be dialled, toxics or not."""

        def close() -> None:
            # Linux resets a connection that is closed with bytes that were not read.
            arrive = client.arrive_reset if up.held_bytes else client.arrive_end
            up.hang_up()
            arrive()

        up.reverse = None
        if self.tell is not None:
            self.tell("end", up.number, "downstream", 0)
        loop.call_later(self.delay_s, close, context=KERNEL)


class Accept:
    """A listening socket, as the proxy meets it."""

    def full(self) -> bool:
        """Say whether the kernel drops further connects for now."""
        raise NotImplementedError

    def accept(self, up: Pipe, down: Pipe, port: int) -> Endpoint:
        """Finish the handshake with the proxy's port; the callee reads `up` and writes `down`."""
        raise NotImplementedError
