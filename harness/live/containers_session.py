"""A session on containers: it is set up, played once in real time, and kept or forgotten.

session = ContainersSession("retry-storm", LAB, Experiment(variant="naive", duration_s=60))
session.play()
session.act(Inject(Pause("payments"))).result()
session.look().load.failed
session.end()
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness import store
from harness.engines.containers import StoppableRun, refuse, why_not
from harness.engines.sim.tally import Tally
from harness.errors import ChaoslabError, EnvironmentNotReadyError, LabError
from harness.live.kept_run import Drawing, Kept, keep, undrawn
from harness.live.live_run import LiveRun
from harness.live.live_run_look import looked_at
from harness.live.snapshot import Look
from harness.live.turn import LONGEST_END_S, Turn
from harness.live.viewed import Viewed
from harness.model.experiment import Experiment
from harness.model.lab import Lab
from harness.model.operations import Inject, Operation
from harness.recording import Recording

if TYPE_CHECKING:
    from concurrent.futures import Future

THREAD = "the run"
WAITING = "waiting until the containers of the run before are removed"


class ContainersSession(Viewed):
    """An experiment on containers; there are none before `play`, and none when it is over."""

    def __init__(
        self, slug: str, lab: Lab, experiment: Experiment, drawing: Drawing = undrawn
    ) -> None:
        super().__init__(slug, lab, experiment)
        refuse(self.plan)
        self._drawing = drawing
        self._live = LiveRun(self.plan, experiment.script)
        self._run: StoppableRun | None = None
        self._thread: threading.Thread | None = None
        self._turn: Turn | None = None
        self.failed = ""
        """Why the run cannot go on, if that is so."""
        self.kept: Kept | None = None
        """Where its recording is, once it is over."""

    @property
    def now_s(self) -> float:
        """The moment at which the run is; 0 until its load is there."""
        return self._live.now()

    @property
    def over(self) -> bool:
        """Whether it was played, to whichever end."""
        return self._thread is not None and not self._thread.is_alive()

    @property
    def is_under_way(self) -> bool:
        """Whether containers are being started, run or removed."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def tally(self) -> Tally:
        """What is counted of the run."""
        return self._live.told.tally

    def play(self) -> None:
        """Start the containers and then the load; that goes on in a thread.

        Raises:
            LabError: it has been played.
            EnvironmentNotReadyError: no lab can run on containers here, or somebody plays already.

        """
        if self._thread is not None:
            raise LabError("this run has begun; open it again to play it anew")
        if why := why_not():
            raise EnvironmentNotReadyError(why)
        self._turn = Turn()
        self._run = StoppableRun(self.plan, self._live.conduct, self._live)
        self._thread = threading.Thread(target=self._record, name=THREAD)
        self._thread.start()

    def steps(self) -> Iterator[str]:
        """Give what is being done around the load, that was not given before."""
        while self._live.steps:
            yield self._live.steps.popleft()

    def act(self, operation: Operation) -> "Future[tuple[float, int | None]]":
        """Do an operation; the future gives when it was asked for, and an injected fault's number.

        It raises what `RefusedError` says when it cannot be done.

        Raises:
            LabError: there is no load.

        """
        return self._live.act(operation)

    def end(self) -> None:
        """End the load in a moment, and keep what was recorded.

        Raises:
            LabError: there is no load.

        """
        self._live.end()
        if self._turn:
            self._turn.end()

    def close(self) -> None:
        """Stop it, at whatever moment; no container is left, and nothing is kept."""
        if self._run and self._turn and self._thread and self.is_under_way:
            self._turn.end()
            self._run.stop()
            self._thread.join(LONGEST_END_S)

    def look(self) -> Look:
        """Look at everything, at this moment."""
        return looked_at(self._live, over=self.over)

    def so_far(self) -> Recording:
        """Give a recording of the whole seconds that have passed."""
        return self._live.so_far()

    def export(self) -> Experiment:
        """Give what was done as an experiment, which the simulator can play too."""
        done = tuple(self._live.done)
        injected = sum(isinstance(act.operation, Inject) for act in done)
        return replace(
            self.experiment,
            lab=self.slug,
            variant=self.variant.name,
            seed=self.seed,
            script=(*done, *self._live.ahead.rest(injected)),
        )

    def _record(self) -> None:
        """Run it, keep it, and take down why not if it cannot be kept."""
        assert self._run and self._turn  # noqa: S101, PT018 - it is to be played
        try:
            with self._turn:
                if not self._turn.is_here:
                    self._live.step(WAITING)
                    self._turn.wait()
                self._keep(self._run)
        except KeyboardInterrupt:
            self.failed = "it was stopped"
        except ChaoslabError as error:
            self.failed = str(error)
        except BaseException:  # the thread's traceback goes to the terminal
            self.failed = "internal error in chaoslab, not in your lab; see the terminal"
            raise

    def _keep(self, run: StoppableRun) -> None:
        when = datetime.now(UTC).astimezone()
        with store.folder(self.slug, when) as folder:
            recording = run.record(folder)
            self._live.step("writing what is kept")
            recording.notes = [*self._live.all_notes()]
            recording.surges += self._live.surges()
            self.kept = keep(self, recording, folder, when, self._drawing)
