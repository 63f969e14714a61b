"""One simulated run under way: it is advanced to a moment, looked at, acted on, and closed.

However it is cut into slices, it does the same as in one go: an instant is always run through as a
whole, and between slices nothing of it runs. Several may be under way in one process.
"""

import asyncio
import math
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Self, TypeVar

from aiohttp.web_app import _cached_build_middleware

from harness.acting import RefusedError
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.collector import calm, close_quietly
from harness.engines.sim.events import EventLog
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.order import Permutation
from harness.engines.sim.process import KERNEL
from harness.engines.sim.shared import Shared
from harness.engines.sim.simulation import GUARD, Simulation
from harness.engines.sim.tally import Tally
from harness.engines.sim.tasks import ALL_TASKS
from harness.engines.sim.upcoming import Upcoming, upcoming
from harness.errors import LabError
from harness.model.fault import System
from harness.model.operations import Operation
from harness.model.script import Act, Script
from harness.recording import FaultRecord, Recording

CALM = Shared(calm)
T = TypeVar("T")


class SimSession:
    """A plan's run, from `open` to `close`; times are seconds of the run, from the load's start."""

    def __init__(  # noqa: PLR0913 - what is run, and who watches it
        self,
        plan: Plan,
        conduct: Conductor,
        observer: Observer,
        *,
        permute: int | Permutation | None = None,
        events: EventLog | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._loop = VirtualLoop()
        self._loop.permutation = Permutation(permute) if isinstance(permute, int) else permute
        self._conduct = conduct
        self._at_s = 0.0
        self._calm, self._guarded = ExitStack(), ExitStack()
        self._script: list[Act] = []
        self.failures: list[BaseException] = []
        self._broken: BaseException | None = None
        self._running: asyncio.Task[Recording] | None = None
        self.simulation = Simulation(self._loop, plan, observer, events, tally)

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def now_s(self) -> float:
        """The moment to which the run has been advanced."""
        return self._at_s

    @property
    def over(self) -> bool:
        """Whether all requests are answered, and there is a recording."""
        return self._running is not None and self._running.done()

    def next_s(self) -> float:
        """Give the moment of the next event; infinity when the run is over."""
        timer = self._loop.next_timer()
        if self.over or timer is None:
            return math.inf
        return max(self._moment(timer.when()), self._at_s)

    def _moment(self, when: float) -> float:
        """Give the run's moment at which all is done that is due at a time of the loop's."""
        at_s = when - self.simulation.start_s
        while self.simulation.start_s + at_s < when:  # a sum of floats
            at_s = math.nextafter(at_s, math.inf)
        return at_s

    def upcoming(self) -> Iterator[Upcoming]:
        """Tell of all that is due, by the timers that are set now, the next one first."""
        if not self.over:
            yield from upcoming(self._loop.pending(), self.simulation.load, self.simulation.start_s)

    def open(self) -> None:
        """Start the hosts, which may take some time before the run's 0 s, up to the load's start.

        Raises:
            ChaoslabError: a service does not start.

        """
        assert self._running is None, "a session is opened once"
        self._calm.enter_context(CALM)
        self._guarded.enter_context(GUARD)
        self._running = self._loop.create_task(self.simulation.run(self._begin))
        self._running.add_done_callback(self._stop, context=KERNEL)
        self._run()
        self.advance(0)

    def advance(self, to_s: float) -> None:
        """Let time pass to a moment, and do all that is due then; nothing once the run is over.

        Raises:
            ChaoslabError: the lab is at fault, its simulation is stuck, or the moment has gone by.

        """
        if not to_s >= self._at_s:
            raise LabError(
                f"cannot go to {to_s:g} s: the run is at {self._at_s:g} s already; time only goes "
                "forward, so replay the run from its start"
            )
        if self.over:
            self.finish()
            return
        self._run(self.simulation.start_s + to_s)
        self._at_s = min(to_s, self.simulation.now()) if self.over else to_s

    def advance_to_failure(self, to_s: float, tally: Tally) -> bool:
        """Advance as above, but only to the instant in which a request of the load fails.

        Raises:
            ChaoslabError: as above.

        """
        failed = tally.failed

        def halt() -> None:
            self._loop.limit_s = self._loop.time()  # the instant is run through

        tally.on_failure = halt
        try:
            self.advance(to_s)
        finally:
            tally.on_failure = None
        if tally.failed > failed and not self.over:
            self._at_s = min(to_s, self._moment(self._loop.time()))
        return tally.failed > failed

    def finish(self) -> Recording:
        """Let the run go on to its end, and give the recording.

        Raises:
            ChaoslabError: as above.

        """
        assert self._running is not None, "it was not opened"
        if not self.over:
            self._run()
            self._at_s = self.simulation.now()
        return self._running.result()

    def begin(self, act: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin something of the harness's own after all else of this instant, and run it through.

        It goes on while time passes, if it takes any; what the task raises is its caller's.
        """
        task = self._loop.create_task(act, context=KERNEL.copy())
        self._run(self.simulation.start_s + self._at_s)
        return task

    def act(self, operation: Operation) -> int | None:
        """Do an operation now, after all else of this instant; an injected fault gives its number.

        One that takes time, such as the start of a host, goes on while time passes; should it fail
        then, a note says so, and `failures` has the error.

        Raises:
            RefusedError: it cannot be done, and nothing of it was.

        """
        acting = self.simulation.acting
        if problems := [*acting.problems(operation)]:
            raise RefusedError("; ".join(problems))
        task = self.begin(acting.do(operation))
        number = task.result() if task.done() else None
        if not task.done():
            task.add_done_callback(self._note_failure, context=KERNEL)
        self._script.append(Act(at_s=self._at_s, operation=operation))
        return number

    def note(self, text: str) -> None:
        """Take down what a person should know of what was to be done by hand."""
        self.simulation.acting.notes.append((self._at_s, text))

    def script(self) -> Script:
        """Give what was done so far: with the plan, all that is needed to be here again."""
        return tuple(self._script)

    def close(self) -> None:
        """End the run, at whatever moment it is; nothing of it is left."""
        with _unmarked(), ExitStack() as stack:
            # Last: the collector would else begin by looking through all that is now let go of.
            stack.callback(self._calm.close)
            stack.callback(_forget, self._loop)
            if self._running is not None:
                self._running.remove_done_callback(self._stop)
                stack.callback(self.simulation.close, self._running)
            stack.callback(self._guarded.close)

    def _note_failure(self, task: "asyncio.Task[int | None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failures.append(error)
            self.simulation.acting.notes.append((self.simulation.now(), str(error)))

    async def _begin(self, system: System) -> list[FaultRecord]:
        self._loop.stop()
        return await self._conduct(system)

    def _stop(self, _: object) -> None:
        self._loop.stop()

    def _run(self, limit_s: float = math.inf) -> None:
        """Run through a moment of the loop's time, or to the end."""
        assert self._running is not None, "it was not opened"
        if self._broken:
            raise self._broken
        self._loop.limit_s = limit_s
        try:
            with _unmarked(), self.simulation.listening():
                self._loop.run_forever()
        except BaseException as error:
            self._broken = error
            raise
        if self.over:
            self._running.result()


@contextmanager
def _unmarked() -> Iterator[None]:
    """Run a loop inside of another one's callback: a browser's Python has one all along."""
    before = asyncio._get_running_loop()  # noqa: SLF001 - no other way to be without one
    asyncio._set_running_loop(None)  # noqa: SLF001
    try:
        yield
    finally:
        asyncio._set_running_loop(before)  # noqa: SLF001


def _forget(loop: VirtualLoop) -> None:
    """Let go of all that a run has had, whether or not it could be closed."""
    loop.close()
    close_quietly(partial(ALL_TASKS, loop), loop)
    loop.forget()
    # It would keep every application, and with it every run, for ever.
    _cached_build_middleware.cache_clear()
