"""One direction of a connection through a proxy: bytes leave in order and arrive after a delay.

The room is finite, as through a real Toxiproxy on Linux. What a sender has written and the proxy
has not taken lies in the sockets between them; the proxy takes chunks as its toxics have room for
them; what has left the proxy lies in the sockets behind it until the receiver has read it.
"""

from typing import TYPE_CHECKING, Protocol

from harness.engines.sim.backlog import Backlog
from harness.engines.sim.invariants import CHECKS, Ledger
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import KERNEL
from harness.engines.sim.stub import Chunk, Stub
from harness.engines.sim.toxics import make
from harness.model.fault import ToxicSpec

if TYPE_CHECKING:
    from harness.engines.sim.link import SimLink

AT_HAND_CHUNKS = 2
"""What Toxiproxy holds ready before the first toxic: `io.Copy` has a chunk, its `noop` another."""

CHUNK_BYTES = 32 * 1024
"""How much Toxiproxy reads at a time: the buffer of Go's `io.Copy`."""


GONE_BYTES = 4 * CHUNK_BYTES
"""What Toxiproxy takes for a receiver that has closed: a write that succeeds, one that fails, and
what it holds ready; then it reads no more."""


class Receiver(Protocol):
    """Where the bytes of a pipe arrive: the socket of the process that reads them."""

    def arrive(self, data: bytes) -> None:
        """Take bytes off the wire."""

    def arrive_end(self) -> None:
        """Take an end of file off the wire."""

    def arrive_reset(self) -> None:
        """Take a reset off the wire."""


class Sender(Protocol):
    """Whose bytes a pipe carries."""

    def taken(self) -> None:
        """Learn that the proxy has taken some bytes."""


class Pipe:
    """One direction of a connection; `held_bytes` were written and not taken by the proxy."""

    __slots__ = (
        "_backlog", "_closing", "_dropped", "_ended", "_gone", "_ledger", "_link", "_loop",
        "_pumping", "_read", "_resets", "_room_bytes", "_sender", "_shut", "_stubs", "_taken",
        "_to", "_unread", "_watched", "_written", "held_bytes", "number", "reverse", "stream",
        "window_bytes",
    )  # fmt: skip

    reverse: "Pipe | None"

    def __init__(self, loop: VirtualLoop, link: "SimLink", stream: str, number: int) -> None:
        self._loop = loop
        self._link = link
        self.stream = stream
        self.number = number
        self.window_bytes = self._room_bytes = link.window_bytes
        self.held_bytes = 0
        self._backlog = Backlog()
        self._to: Receiver | None = None
        self._sender: Sender | None = None
        self._stubs: dict[str | Stub, Stub] = {}
        self._written = self._taken = self._unread = self._read = self._dropped = 0
        self._closing = self._shut = self._ended = self._resets = self._pumping = False
        self._gone = False
        # Whether a byte that is sent may not simply leave: there are toxics, or others before it.
        self._watched = True
        self._ledger = Ledger() if CHECKS.dear else None

    def connect(self, to: Receiver) -> None:
        """Start passing on: first what the proxy kept until the callee was dialled."""
        self._to = to
        self._link.pipes[self] = None
        for toxic in self._link.toxics.values():
            if toxic.stream == self.stream:
                self._append(toxic).start()
            # Toxiproxy sets both sockets of a connection to reset, whichever direction is meant.
            self._resets = self._resets or toxic.type == "reset_peer"
        self._pump()

    @property
    def link(self) -> str:
        """The name of the link that it is of."""
        return self._link.name

    @property
    def unread_bytes(self) -> int:
        """How many bytes have left the proxy that their receiver has not read."""
        return self._unread

    # For the sender's kernel.

    def send(self, data: bytes, sender: Sender) -> None:
        """Put bytes on the wire; the sender learns when they are taken, if they are not at once."""
        size = len(data)
        to, unread = self._to, self._unread + size
        if to is None or self._watched or unread > self._room_bytes:
            self._send_later(data, sender)
            return
        link = self._link
        self._written += size
        self._taken += size
        self._unread = unread
        if link.tell is not None:
            link.tell("data", self.number, self.stream, size)
        self._loop.call_later(link.delay_s, to.arrive, data, context=KERNEL)

    def _send_later(self, data: bytes, sender: Sender) -> None:
        size = len(data)
        self._written += size
        if self._ledger:
            self._ledger.write(data)
        if self._shut:
            # Nobody will take them; the end, or the reset, is on its way to the sender.
            self.held_bytes += size
            self._dropped += size
            return
        self._sender = sender
        self._backlog.append(data)
        self.held_bytes += size
        self._pump()

    def end(self) -> None:
        """Put the end of file behind the bytes."""
        self._sender = None
        if not self._closing:
            self._closing = True
            self._pump()

    def cut(self, keep_bytes: int) -> None:
        """End, and lose what was not taken by the proxy, but for its first bytes."""
        if self._backlog and self.held_bytes > keep_bytes:
            lost = self.held_bytes - keep_bytes
            self._backlog.cut(lost)
            self.held_bytes = keep_bytes
            self._dropped += lost
        self.end()

    # For the receiver's kernel.

    def acknowledge(self, data: bytes) -> None:
        """Learn that the receiver has read some bytes."""
        before, size = self._unread, len(data)
        self._unread = before - size
        assert before >= size, "more was read than had left the proxy"
        self._read += size
        if self._ledger:
            self._ledger.read(data)
        if before >= self._room_bytes:
            self._go_on()

    def abandon(self) -> None:
        """Learn that the receiver has closed: what it has not read, and what comes, is lost."""
        self._gone = True
        self._dropped += self._unread
        self._unread = 0
        self._room_bytes = GONE_BYTES

    def hang_up(self) -> None:
        """Lose what the proxy has not taken: it has closed the sender's socket."""
        self._sender = None
        if self._shut:
            return
        self._shut = self._watched = True
        self._dropped += self.held_bytes
        self._backlog.clear()
        if self._to is None or self._ended:
            return
        if self._gone:
            self._finish()
        else:
            self._enter_end()

    # For the link.

    def add(self, toxic: ToxicSpec) -> None:
        """Put a toxic behind those that are there; the one before it is interrupted."""
        if toxic.stream != self.stream or self._ended:
            return
        last = self._last()
        if last is not None and not last.interrupt():
            return
        self._append(toxic).start()
        if last is not None:
            last.start()

    def remove(self, name: str) -> None:
        """Take a toxic off; what it held goes on at once, and the one before is interrupted."""
        stub = self._stubs.get(name)
        if stub is None:
            return
        interrupted = stub.interrupt()
        if self._ended:
            return  # by what the toxic held: another one behind it has had enough
        if not interrupted:
            self._leave_behind(name)
            return
        if stub.acting.closes_on_removal:
            stub.close()
            stub.discard()
            self._leave_behind(name)
            return
        stubs = list(self._stubs.values())
        place = stubs.index(stub)
        before = stubs[place - 1] if place else None
        interrupted = before is not None and before.interrupt()
        stub.flush()
        if self._ended:
            return
        if stub.closed:
            self._leave_behind(name)
            return
        del self._stubs[name]
        self._dropped += stub.dropped_bytes
        assert stub.held_bytes == 0, "a toxic that was taken off holds bytes"
        behind = stub.outlet
        if isinstance(behind, Stub):
            behind.refill = stub.refill
        if before is not None:
            before.outlet = behind
            if interrupted:
                before.start()
        self._pump()

    def _leave_behind(self, name: str) -> None:
        """Let a toxic that ends the stream stay in its place, without a name.

        The link has taken it off, and may be given another one of its name meanwhile.
        """
        places = self._stubs.items()
        self._stubs = {stub if key == name else key: stub for key, stub in places}

    def has(self, name: str) -> bool:
        """Say whether a toxic acts on this connection, or may come to act on it."""
        stub = self._stubs.get(name)
        return stub is not None and not (stub.closed or stub.deaf)

    def acting(self) -> list[str]:
        """Name the toxics that act on this connection, or may come to act on it."""
        return [name for name in self._stubs if isinstance(name, str) and self.has(name)]

    def sever(self) -> None:
        """End at once, whatever is still on its way through toxics."""
        self._finish()

    # As the outlet of its last toxic.

    def room(self) -> bool:
        """Say whether the sockets behind the proxy take another chunk."""
        return self._unread < self._room_bytes

    def feed(self, chunk: Chunk | None) -> None:
        """Let a chunk, or the end, leave the proxy."""
        if chunk is None:
            self._finish()
        elif self._ended:
            self._dropped += len(chunk.data)
        else:
            self._leave(chunk.data, chunk.start)

    def check(self) -> None:
        """See that every byte was read, is lost or is under way, and none twice.

        Raises:
            AssertionError: it is not so.

        """
        under_way = self._unread + (0 if self._shut else self.held_bytes)
        dropped = self._dropped
        for stub in self._stubs.values():
            under_way += stub.held_bytes
            dropped += stub.dropped_bytes
        assert under_way >= 0
        assert self._written == self._read + dropped + under_way, (
            f"{self._link.name}, {self.stream} {self.number}: of {self._written} bytes "
            f"{self._read} were read, {dropped} lost, {under_way} are under way"
        )

    def _append(self, toxic: ToxicSpec) -> Stub:
        last = self._last()
        stub = Stub(
            self._loop,
            self._link.rng,
            make(toxic),
            self,
            toxicity=toxic.toxicity,
            refill=self._pump if last is None else last.go_on,
            at_hand_chunks=AT_HAND_CHUNKS if last is None else 0,
        )
        if last is not None:
            last.outlet = stub
        self._stubs[toxic.name] = stub
        self._watched = True
        return stub

    def _last(self) -> Stub | None:
        return next(reversed(self._stubs.values()), None)

    def _go_on(self) -> None:
        last = self._last()
        if last is not None:
            last.go_on()
        elif self._backlog:
            self._pump()

    def _pump(self) -> None:
        """Let the proxy take what was sent, as far as there is room, and then the end."""
        if self._pumping or self._to is None or self._ended or self._shut:
            return
        self._pumping = True
        before = self.held_bytes
        while self._backlog and self._take():
            pass
        self._pumping = False
        self._watched = bool(self._stubs or self._backlog or self._ledger)
        if self._sender is not None and self.held_bytes < before:
            self._sender.taken()
        if self._closing and not self._backlog:
            self._shut = self._watched = True
            self._enter_end()

    def _take(self) -> bool:
        first = next(iter(self._stubs.values()), None)
        if first is None:
            size = self._room_bytes - self._unread
            if size > 0:
                start = self._taken
                self._leave(self._taking(size), start)
            return size > 0
        if first.room():
            start = self._taken
            first.feed(Chunk(self._taking(CHUNK_BYTES), self._loop.time(), start))
            return True
        return False

    def _taking(self, size: int) -> bytes:
        data = self._backlog.read(size) if self._stubs else self._backlog.take(size)
        self._taken += len(data)
        self.held_bytes -= len(data)
        assert self.held_bytes >= 0, "the proxy takes more than was sent"
        return data

    def _enter_end(self) -> None:
        if self._stubs:
            next(iter(self._stubs.values())).feed(None)
        else:
            self._finish()

    def _leave(self, data: bytes, start: int) -> None:
        to, link = self._to, self._link
        assert to is not None
        if link.tell is not None:
            link.tell("data", self.number, self.stream, len(data))
        if self._ledger:
            self._ledger.leave(start, data)
        self._unread += len(data)
        self._loop.call_later(link.delay_s, to.arrive, data, context=KERNEL)

    def _finish(self) -> None:
        """Close the receiver's socket, and then the sender's: behind a proxy both ends end."""
        if self._ended or self._to is None:
            return
        to, reverse, link = self._to, self.reverse, self._link
        if link.tell is not None:
            link.tell("end", self.number, self.stream, 0)
        self._ended = True
        link.pipes.pop(self, None)
        for stub in self._stubs.values():
            stub.discard()
        # Linux resets a connection that is closed with bytes that were not read.
        unread = reverse is not None and reverse.held_bytes > 0
        arrive = to.arrive_reset if self._resets or unread else to.arrive_end
        self._loop.call_later(link.delay_s, arrive, context=KERNEL)
        self.hang_up()
        self.check()
        self._forget()
        if reverse:
            reverse.hang_up()

    def _forget(self) -> None:
        # What has ended lets go of the rest, or it would wait for the collector of cycles.
        for stub in self._stubs.values():
            self._dropped += stub.dropped_bytes + stub.held_bytes
        self._stubs.clear()
        self._to = self.reverse = None
