"""Whatever happens to links and hosts, in whatever order: the simulated network stays a network.

Hypothesis draws a list of acts, with virtual time between them: connects, writes, readers that
pause, toxics of every type in both directions, links down, hosts paused, killed and started again,
ends that are closed. Then everything is healed, drained and closed. What must hold is asserted on
the way by the ends of the connections themselves, and at the end over all of them.
"""

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import event, given, settings
from hypothesis import strategies as st

from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.process import Process, ProcessState
from harness.model.fault import ToxicSpec
from tests.support import World

PORT = 8080
WINDOW_BYTES = 256 * 1024
"""Smaller than the real one, so that it is full more often."""

BUFFER_BYTES = 64 * 1024
"""What asyncio lets a process buffer before its protocol is paused."""

LONG_S = 10_000.0
"""Virtual seconds in which everything ends that ends at all."""

CALLER, CALLEE = "a", "b"


class End(asyncio.Protocol):
    """One end of a connection: checks asyncio's contract at every call, and logs it."""

    def __init__(self, run: "Run", host: str) -> None:
        self.run = run
        self.process = run.world.processes[host]
        self.transport: asyncio.Transport
        self.sent = bytearray()
        self.got = bytearray()
        self.events: list[str] = []
        self.reading = True
        self.writing = True
        self.last_write = 0
        self.closed = False

    def called(self, what: str, data: bytes = b"") -> None:
        assert self.process.state is ProcessState.RUNNING
        assert "lost" not in self.events
        self.events.append(what)
        self.run.note(self, what, data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        names = [transport.get_extra_info(name)[1] for name in ("sockname", "peername")]
        self.name, self.rng = sorted(names)[1], random.Random(f"{names}")
        self.called("made")
        assert self.events == ["made"]
        self.run.ends.append(self)

    def data_received(self, data: bytes) -> None:
        assert data
        assert self.reading
        assert "eof" not in self.events
        self.got += data
        self.called("data", data)

    def eof_received(self) -> bool | None:
        assert self.reading
        assert "eof" not in self.events
        self.called("eof")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.transport.is_closing()
        self.run.note(self, repr(exc))
        self.called("lost")

    def pause_writing(self) -> None:
        assert self.writing
        self.writing = False
        self.called("pause")

    def resume_writing(self) -> None:
        assert not self.writing
        self.writing = True
        self.called("resume")

    def write(self, size: int) -> None:
        """Write what no other end writes, unless told to wait."""
        if not self.writing or self.transport.is_closing():
            return
        data = self.rng.randbytes(size)
        before = self.transport.get_write_buffer_size()
        assert before <= BUFFER_BYTES
        self.transport.write(data)
        if self.transport.is_closing():
            return
        self.sent += data
        assert self.transport.get_write_buffer_size() <= before + size

    def read(self, *, on: bool) -> None:
        self.reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def close(self, *, abort: bool = False) -> None:
        if not self.transport.is_closing():
            self.closed = True
            if abort or self.transport._received:  # type: ignore[attr-defined] # noqa: SLF001
                # Linux resets a connection that is closed with unread bytes.
                self.run.lossless = False
            self.run.note(self, "abort" if abort else "close")
            (self.transport.abort if abort else self.transport.close)()


@dataclass
class Run:
    """One play of a list of acts; `lossless` until something happened that may lose bytes."""

    world: World = field(default_factory=lambda: World((CALLER, CALLEE)))
    ends: list[End] = field(default_factory=list)
    log: list[tuple[object, ...]] = field(default_factory=list)
    lossless: bool = True
    toxics: list[str] = field(default_factory=list)
    made_toxics: int = 0

    def __post_init__(self) -> None:
        self.link = self.world.links[CALLER, CALLEE]
        self.link.window_bytes = WINDOW_BYTES

    def note(self, end: End, what: str, data: bytes = b"") -> None:
        digest = hashlib.sha256(data).hexdigest()
        at_s = self.world.loop.time()
        self.log.append((at_s, end.process.label, end.name, what, len(data), digest))

    def on(self, process: Process, act: Callable[[], object]) -> None:
        """Let a process do something when it runs, if it ever does."""
        self.world.loop.call_soon(act, context=process.context())

    def listen(self) -> None:
        self.world.on(CALLEE, self.world.loop.create_server(lambda: End(self, CALLEE), None, PORT))

    async def connect(self) -> None:
        try:
            await self.world.loop.create_connection(lambda: End(self, CALLER), CALLEE, PORT)
        except ConnectionRefusedError:
            self.log.append((self.world.loop.time(), "refused"))

    def pairs(self) -> list[tuple[End, End]]:
        """Give each end with its peer, both ways."""
        return [
            (one, other)
            for one in self.ends
            for other in self.ends
            if one is not other and one.name == other.name
        ]

    async def play(self, script: "list[tuple[float, Act]]") -> None:
        self.listen()
        for delay_s, act in script:
            await asyncio.sleep(delay_s)
            act(self)
        await self.heal()
        self.check_bytes()
        for name in list(self.link.toxics):
            self.link.remove(name)
        for end in self.ends:
            self.on(end.process, end.close)
        await asyncio.sleep(LONG_S)
        self.check_rest()

    async def heal(self) -> None:
        """Undo whatever holds bytes back, and let them arrive."""
        self.link.set_up(up=True)
        for name in self.toxics:
            self.link.remove(name)
        self.toxics.clear()
        for host in (CALLER, CALLEE):
            resume(self, host)
        for end in self.ends:
            self.on(end.process, lambda end=end: end.read(on=True))  # type: ignore[misc]
        await asyncio.sleep(LONG_S)

    def check_bytes(self) -> None:
        """See that what arrived is what was sent: its beginning at least, or all of it."""
        for sender, receiver in self.pairs():
            assert bytes(sender.sent[: len(receiver.got)]) == bytes(receiver.got)
            if self.lossless and not receiver.closed:
                assert receiver.got == sender.sent
                assert sender.writing or sender.transport.is_closing()
                event("everything arrived")

    def check_rest(self) -> None:
        """See that nothing is left: of connections, of toxics, of timers."""
        world = self.world
        assert self.link.pipes == {}
        for process in world.processes.values():
            if process.state is ProcessState.RUNNING:
                assert process.endpoints == {}
        for end in self.ends:
            if end.process.state is ProcessState.RUNNING:
                assert end.events[-1] == "lost"
        buried = {task for task in world.loop.graveyard if isinstance(task, asyncio.Task)}
        assert asyncio.all_tasks() - buried == {asyncio.current_task()}
        timers = [timer for _, _, timer in world.loop._timers if not timer.cancelled()]  # noqa: SLF001
        assert timers == []


Act = Callable[[Run], None]


@dataclass(frozen=True)
class Connect:
    def __call__(self, run: Run) -> None:
        if run.world.processes[CALLER].state is not ProcessState.DEAD:
            run.world.on(CALLER, run.connect())


@dataclass(frozen=True)
class OnEnd:
    """Something that the process at one end of some connection does."""

    which: int

    def __call__(self, run: Run) -> None:
        if run.ends:
            end = run.ends[self.which % len(run.ends)]
            run.on(end.process, lambda: self.do(end))

    def do(self, end: End) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Write(OnEnd):
    size: int

    def do(self, end: End) -> None:
        end.write(self.size)


@dataclass(frozen=True)
class Read(OnEnd):
    on: bool

    def do(self, end: End) -> None:
        end.read(on=self.on)


@dataclass(frozen=True)
class Close(OnEnd):
    abort: bool

    def do(self, end: End) -> None:
        end.close(abort=self.abort)


@dataclass(frozen=True)
class Add:
    type: str
    attributes: tuple[tuple[str, int], ...]
    stream: str
    toxicity: float

    def __call__(self, run: Run) -> None:
        name = f"toxic {run.made_toxics}"
        run.made_toxics += 1
        run.toxics.append(name)
        run.link.add(
            ToxicSpec(
                name=name,
                type=self.type,
                stream=self.stream,
                toxicity=self.toxicity,
                attributes=dict(self.attributes),
            )
        )
        if self.type in ("timeout", "reset_peer", "limit_data"):
            run.lossless = False


@dataclass(frozen=True)
class Remove:
    which: int

    def __call__(self, run: Run) -> None:
        if run.toxics:
            run.link.remove(run.toxics.pop(self.which % len(run.toxics)))


@dataclass(frozen=True)
class Up:
    up: bool

    def __call__(self, run: Run) -> None:
        run.link.set_up(up=self.up)
        run.lossless = run.lossless and self.up


@dataclass(frozen=True)
class Pause:
    host: str

    def __call__(self, run: Run) -> None:
        if run.world.processes[self.host].state is ProcessState.RUNNING:
            run.world.pause(self.host)


def resume(run: Run, host: str) -> None:
    if run.world.processes[host].state is ProcessState.PAUSED:
        run.world.resume(host)


@dataclass(frozen=True)
class Resume:
    host: str

    def __call__(self, run: Run) -> None:
        resume(run, self.host)


@dataclass(frozen=True)
class Kill:
    """As the engine does, and at once a new process in its place, if wanted."""

    host: str
    again: bool

    def __call__(self, run: Run) -> None:
        run.lossless = False
        world = run.world
        world.loop.gate()
        process = world.processes[self.host]
        process.state = ProcessState.DEAD
        process.listeners.clear()
        for end in process.endpoints:
            end.cut()
        world.loop.bury(process)
        if self.again:
            world.processes[self.host] = Process(self.host, process.number + 1)
            if self.host == CALLEE:
                run.listen()


def toxic(type_: str, **attributes: st.SearchStrategy[int]) -> st.SearchStrategy[Add]:
    values = st.tuples(*(st.tuples(st.just(name), value) for name, value in attributes.items()))
    return st.builds(
        Add,
        st.just(type_),
        values,
        st.sampled_from(["upstream", "downstream"]),
        st.sampled_from([1.0, 0.5]),
    )


SIZES = st.sampled_from([1, 7, 1000, 60_000, WINDOW_BYTES, WINDOW_BYTES + 1, 2 * WINDOW_BYTES])
HOSTS = st.sampled_from([CALLER, CALLEE])
WHICH = st.integers(0, 7)
TIMES_MS = st.sampled_from([0, 1, 20, 3000])

HARMLESS = [
    toxic("latency", latency=TIMES_MS, jitter=TIMES_MS),
    toxic("bandwidth", rate=st.sampled_from([0, 1, 100, 10_000])),
    toxic("slow_close", delay=TIMES_MS),
    toxic(
        "slicer",
        average_size=st.sampled_from([10_000, 50_000]),
        size_variation=st.sampled_from([0, 9_999]),
        delay=st.sampled_from([0, 10, 10_000]),
    ),
]
LOSSY = [
    toxic("timeout", timeout=TIMES_MS),
    toxic("reset_peer", timeout=TIMES_MS),
    toxic("limit_data", bytes=st.sampled_from([0, 1, 1000, 100_000])),
]

TALK: list[st.SearchStrategy[Act]] = [
    st.builds(Connect),
    *3 * [st.builds(Write, WHICH, SIZES)],
    st.builds(Read, WHICH, st.booleans()),
    st.builds(Pause, HOSTS),
    st.builds(Resume, HOSTS),
    st.builds(Remove, WHICH),
    *HARMLESS,
]
ENDS: list[st.SearchStrategy[Act]] = [st.builds(Close, WHICH, st.just(value=False))]
HARM: list[st.SearchStrategy[Act]] = [
    *LOSSY,
    st.builds(Close, WHICH, st.booleans()),
    st.builds(Up, st.booleans()),
    st.builds(Kill, HOSTS, st.booleans()),
]

DELAYS_S = st.sampled_from([0.0, 0.0, DELAY_S / 2, DELAY_S, 0.01, 1.0])


def scripts(acts: list[st.SearchStrategy[Act]]) -> st.SearchStrategy[list[tuple[float, Act]]]:
    """Draw scripts, short and long ones, that begin with a connection that is there."""
    step = st.tuples(DELAYS_S, st.one_of(acts))
    rest = st.lists(step, max_size=10) | st.lists(step, min_size=20, max_size=60)
    return rest.map(lambda drawn: [(0.0, Connect()), (0.01, Resume(CALLER)), *drawn])


def played(script: list[tuple[float, Act]]) -> Run:
    """Play a script on a network of its own."""
    run = Run()
    run.world.run(run.play(script))
    for left in run.world.loop.graveyard:
        if isinstance(left, asyncio.Task) and (coroutine := left.get_coro()):
            coroutine.close()
    return run


@settings(max_examples=300)
@given(scripts(TALK))
def test_without_losses_every_byte_arrives(script: list[tuple[float, Act]]) -> None:
    """Slow links and paused hosts delay; they lose, reorder, duplicate and invent nothing."""
    run = played(script)
    assert run.lossless


@settings(max_examples=300)
@given(scripts([*TALK, *ENDS]))
def test_what_was_sent_before_a_close_arrives(script: list[tuple[float, Act]]) -> None:
    """A graceful end stands behind the bytes, whatever holds them up, if there was all read."""
    run = played(script)
    event("lossless" if run.lossless else "closed with unread bytes")


@settings(max_examples=500)
@given(scripts([*TALK, *ENDS, *HARM]))
def test_whatever_happens_bytes_that_arrive_are_those_that_were_sent(
    script: list[tuple[float, Act]],
) -> None:
    """Always a beginning of what was sent; and nothing of a connection stays behind."""
    run = played(script)
    event("lossless" if run.lossless else "lossy")


@settings(max_examples=100)
@given(scripts([*TALK, *ENDS, *HARM]))
def test_a_run_repeats_itself(script: list[tuple[float, Act]]) -> None:
    """The same acts give the same calls, at the same times, with the same bytes."""
    assert played(script).log == played(script).log
