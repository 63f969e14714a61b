"""The swarm finds bugs: each of these is put into the simulator, found, and shrunk."""

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from harness.engines.sim.hosts import Host
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.order import Permutation
from harness.engines.sim.pipe import Pipe
from harness.engines.sim.process import KERNEL, Process
from harness.engines.sim.stub import Stub, Waits, _pause
from harness.swarm.draw import drawn
from harness.swarm.explain import Cause, cause, explained
from harness.swarm.shrink import Shrinker
from harness.swarm.trial import Failure, failure

Patch = Callable[[pytest.MonkeyPatch], None]

PLANS = 60
"""Within how many plans a bug must be found."""


def _loses_chunks(patch: pytest.MonkeyPatch) -> None:
    leave = Pipe._leave

    def bad(self: Pipe, data: bytes, start: int) -> None:
        if len(data) % 97 != 5:
            leave(self, data, start)

    patch.setattr(Pipe, "_leave", bad)


def _overtakes(patch: pytest.MonkeyPatch) -> None:
    def bad(self: Pipe, data: bytes, start: int) -> None:
        to, link = self._to, self._link
        assert to is not None
        if self._ledger:
            self._ledger.leave(start, data)
        self._unread += len(data)
        slow = 1 + len(data) % 2
        self._loop.call_later(slow * link.delay_s, to.arrive, data, context=KERNEL)

    patch.setattr(Pipe, "_leave", bad)


def _forgets_timers(patch: pytest.MonkeyPatch) -> None:
    async def bad(self: Stub, what: Waits, until_s: float | None = None) -> None:
        self._waits = what
        if until_s is not None:
            self._loop.call_at(until_s, self._expire, context=KERNEL)
        try:
            await _pause()
        finally:
            self._waits = Waits.NOTHING

    patch.setattr(Stub, "_wait", bad)


def _leaves_toxics(patch: pytest.MonkeyPatch) -> None:
    def bad(self: SimLink, name: str) -> None:
        self.toxics.pop(name, None)
        for pipe in list(self.pipes)[:1]:
            pipe.remove(name)

    patch.setattr(SimLink, "remove", bad)


def _forgets_what_it_held(patch: pytest.MonkeyPatch) -> None:
    def bad(self: VirtualLoop, process: Process) -> None:
        del self
        process.held.clear()

    patch.setattr(VirtualLoop, "release", bad)


def _turns_held_round(patch: pytest.MonkeyPatch) -> None:
    release = VirtualLoop.release

    def bad(self: VirtualLoop, process: Process) -> None:
        process.held = deque(reversed(process.held))
        release(self, process)

    patch.setattr(VirtualLoop, "release", bad)


def _lets_the_dead_run(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VirtualLoop, "_may_run", lambda *_: True)


def _starts_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Host, "_stay_down", lambda _: None)


def _remembers_the_last_run(patch: pytest.MonkeyPatch) -> None:
    connect, counted = SimLink.connect, itertools.count()

    async def bad(self: SimLink) -> None:
        delay_s = self.delay_s
        self.delay_s *= 1 + next(counted) % 2
        await connect(self)
        self.delay_s = delay_s

    patch.setattr(SimLink, "connect", bad)


def _forgets_order_between_pieces(patch: pytest.MonkeyPatch) -> None:
    run_forever = VirtualLoop.run_forever

    def bad(self: VirtualLoop) -> None:
        self._sequence = 0
        run_forever(self)

    patch.setattr(VirtualLoop, "run_forever", bad)


def _loses_what_is_reordered(patch: pytest.MonkeyPatch) -> None:
    call = Permutation.__call__

    def bad(self: Permutation, due: Sequence[object]) -> list[object]:
        new = call(self, due)  # type: ignore[arg-type]
        return [*new] if new == [*due] else [*new][:-1]

    patch.setattr(Permutation, "__call__", bad)


def _loses_what_is_late(patch: pytest.MonkeyPatch) -> None:
    sleep = Stub.sleep

    async def bad(self: Stub, delay_s: float) -> None:
        await sleep(self, delay_s)
        if delay_s > 0.04:
            self.held_bytes -= 1

    patch.setattr(Stub, "sleep", bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """What is put into the simulator, and what kind of bug it is said to be."""

    put: Patch
    cause: Cause = Cause.PLAIN


BUGS: Mapping[str, Bug] = {
    "loses chunks": Bug(put=_loses_chunks),
    "a chunk overtakes": Bug(put=_overtakes),
    "forgets timers of toxics": Bug(put=_forgets_timers),
    "leaves toxics on live connections": Bug(put=_leaves_toxics),
    "forgets what a paused host held": Bug(put=_forgets_what_it_held),
    "turns round what a paused host held": Bug(put=_turns_held_round),
    "runs callbacks of the dead": Bug(put=_lets_the_dead_run),
    "starts a host twice": Bug(put=_starts_twice),
    "remembers the last run": Bug(put=_remembers_the_last_run),
    "forgets the order between pieces": Bug(put=_forgets_order_between_pieces),
    "loses what is reordered": Bug(put=_loses_what_is_reordered, cause=Cause.ORDER),
    "loses what is late": Bug(put=_loses_what_is_late, cause=Cause.DELAY),
}
