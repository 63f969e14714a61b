"""The swarm finds bugs: each of these is put into the simulator, found, and shrunk."""

import itertools
import runpy
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.machine import Core
from harness.engines.sim.order import Permutation
from harness.engines.sim.pipe import Pipe
from harness.engines.sim.process import KERNEL, Process
from harness.engines.sim.stub import Stub, Waits, _pause
from harness.engines.sim.toxics import Latency
from harness.swarm import as_test
from harness.swarm.draw import drawn
from harness.swarm.explain import Cause, explained
from harness.swarm.scenario import Scenario
from harness.swarm.shrink import Shrinker
from harness.swarm.trial import Failure, failure

Patch = Callable[[pytest.MonkeyPatch], None]

PLANS = 60
"""Within how many plans a bug must be found."""

TRIES = 200
"""How many smaller scenarios are tried."""


def _loses_chunks(patch: pytest.MonkeyPatch) -> None:
    leave = Pipe._leave  # noqa: SLF001

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
    patch.setattr(VirtualLoop, "gate", lambda _: None)


def _works_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Core, "halt", lambda _: None)


def _remembers_the_last_run(patch: pytest.MonkeyPatch) -> None:
    connect, counted = SimLink.connect, itertools.count()

    async def bad(self: SimLink) -> None:
        delay_s = self.delay_s
        self.delay_s *= 1 + next(counted) / 1000
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
        kept = len(new) if new == [*due] else -1
        return [*new[:kept]]

    patch.setattr(Permutation, "__call__", bad)


def _loses_what_is_late(patch: pytest.MonkeyPatch) -> None:
    sleep = Stub.sleep

    async def bad(self: Stub, delay_s: float) -> None:
        await sleep(self, delay_s)
        if delay_s > 0.04 and isinstance(self.acting, Latency):
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
    "a core works on when its host is gone": Bug(put=_works_on),
    "remembers the last run": Bug(put=_remembers_the_last_run),
    "forgets the order between pieces": Bug(put=_forgets_order_between_pieces),
    "loses what is reordered": Bug(put=_loses_what_is_reordered, cause=Cause.ORDER),
    "loses what is late": Bug(put=_loses_what_is_late, cause=Cause.DELAY),
}


def found(patch: pytest.MonkeyPatch, bug: Bug) -> tuple[Scenario, Failure]:
    """Put a bug in, and give the first scenario that fails."""
    bug.put(patch)
    for seed in range(PLANS):
        scenario = drawn(seed)
        if seen := failure(scenario):
            return scenario, seen
    pytest.fail(f"none of {PLANS} plans finds it")


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Within a few plans; and without it, the very same plan holds."""
    scenario, _ = found(monkeypatch, BUGS[name])
    monkeypatch.undo()
    assert failure(scenario) is None


SHRUNK = (
    "a chunk overtakes",
    "leaves toxics on live connections",
    "forgets what a paused host held",
    "remembers the last run",
    "loses what is reordered",
    "loses what is late",
)


@pytest.mark.parametrize("name", SHRUNK)
def test_what_was_found_is_shrunk_and_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """It fails as before and is smaller; its kind is right, and so is the test that is written."""
    bug = BUGS[name]
    scenario, seen = found(monkeypatch, bug)
    shrinker = Shrinker(scenario, seen, tries=TRIES)
    small = shrinker.shrink()
    told = explained(small, seen)
    assert sizes(small) < sizes(scenario)
    assert all(new <= old for new, old in zip(sizes(small), sizes(scenario), strict=True))
    again = failure(small, like=seen)
    assert again
    assert again.sign == seen.sign
    assert told.cause is bug.cause
    assert told.nearest
    written = runpy.run_path(str(as_test.write(small, again, tmp_path)))
    assert written["SCENARIO"] == small
    check = written[f"test_the_scenario_of_seed_{scenario.seed}_holds"]
    with pytest.raises(AssertionError):
        check()
    monkeypatch.undo()
    check()


def sizes(scenario: Scenario) -> tuple[float, ...]:
    """Count what a scenario has: hosts, faults, requests, seconds."""
    lab = scenario.lab
    return len(lab.hosts()), len(lab.faults), len(scenario.asks), lab.duration_s
