"""A lab's simulations spread over processes: each with its live line, handed out in their order."""

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from harness import assignments, catalogue, runner, store
from harness.catalogue import Entry
from harness.cli import complaints
from harness.cli.workers import CONTEXT, cores, pool, submitted
from harness.engines.protocol import Conductor, Engine, Observer, Plan
from harness.engines.sim.collector import calm
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.model.experiment import UNCHANGED, Experiment
from harness.model.lab import Lab
from harness.model.variant import Broken, Variant
from harness.recording import Recording
from harness.result import Result

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.queues import SimpleQueue

Message = tuple[int, str, tuple[Any, ...]]
"""The number of a run, and a method of its observer with its arguments, or one of those below."""
Meanwhile = Callable[[Sequence[Recording]], Iterator[None]]
"""Does, piece by piece, what can be done beside runs, with the recordings that there are.

It is asked for it twice: while the first run goes on, and when only those without faults do.
"""
OVER, COMPLAINT = "over", "complaint"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command wants simulated. A lab itself does not travel: its claims are functions."""

    slug: str
    variants: tuple[str, ...] | None
    """Those that are chosen: none is all of them, and None that nothing is simulated."""
    settings: tuple[str, ...]
    seed: int
    permute: int | None
    experiment: Experiment = field(default=UNCHANGED, hash=False)

    def runs(self) -> "list[Run]":
        """Give the runs in the order in which the runner asks for them: broken ones twice."""
        if self.variants is None:
            return []
        chosen = assignments.chosen(self.entry(), self.variants)
        broken = [one for one in chosen if isinstance(one, Broken)]
        kinds = [(one, True) for one in chosen] + [(one, False) for one in broken]
        return [
            Run(number=number, asked=self, variant=variant.name, faulty=faulty)
            for number, (variant, faulty) in enumerate(kinds)
        ]

    def entry(self) -> Entry:
        """Load the lab, with the settings that were changed, and what is done by hand."""
        entry = assignments.changed(catalogue.find(self.slug), self.settings)
        return assignments.scripted(entry, self.experiment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One simulation: a variant, with its faults or without."""

    number: int
    asked: Asked
    variant: str
    faulty: bool

    @property
    def key(self) -> tuple[str, bool, int]:
        """Tell it from all others of its lab."""
        return self.variant, self.faulty, self.asked.seed

    def parts(self) -> tuple[Lab, Variant]:
        """Give the lab as it is run, and the variant."""
        entry = self.asked.entry()
        (variant,) = assignments.chosen(entry, [self.variant])
        lab = entry.lab.facing(variant, self.asked.seed)
        return lab if self.faulty else lab.without_trigger(), variant

    def watched(self, engine: Engine, watch: runner.Watch) -> Observer:
        """Make its observer."""
        lab, variant = self.parts()
        return watch(engine, variant, lab)

    def events(self, folder: Path) -> Path:
        """Give the file in which its events wait."""
        return folder / f".events-{self.number}"


class Spread:
    """A simulator whose runs all begin at once, in other processes.

    What it was not told of it simulates when it is asked for it, as the simulator does.
    """

    name = SimEngine.name
    real_time = False

    def __init__(  # noqa: PLR0913 - the runs, how they are told of, and what is done beside them
        self,
        futures: "dict[Run, Future[Recording]]",
        messages: "SimpleQueue[Message | None]",
        folder: Path,
        events: TextIO | None,
        watch: runner.Watch,
        meanwhile: Meanwhile,
    ) -> None:
        self._futures = futures
        self._meanwhile = meanwhile
        self._begun: set[bool] = set()
        self._recordings: list[Recording] = []
        self._runs = {run.key: run for run in futures}
        self._observers = {run.number: run.watched(self, watch) for run in futures}
        self._over = {run.number: threading.Event() for run in futures}
        self._messages = messages
        self._folder = folder
        self._events = events
        self._permute = next(iter(futures)).asked.permute
        # It ends with this process: one of the others that is ended may hold the queue's lock.
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Wait for one run's recording; its process has made the conductor anew.

        Raises:
            ChaoslabError: the lab is at fault, or its simulation is stuck.

        """
        run = self._runs.get((plan.variant.name, not plan.lab.is_control, plan.seed))
        if run is None:
            log = EventLog(self._events) if self._events else None
            return SimEngine(permute=self._permute, events=log).run(plan, conduct, observer)
        if not self._listener.ident:
            self._listener.start()
        future = self._futures[run]
        for _ in self._pieces(run):
            if future.done():
                break
        recording = future.result()
        self._recordings.append(recording)
        self._over[run.number].wait()
        if self._events:
            with run.events(self._folder).open() as file:
                shutil.copyfileobj(file, self._events)
            run.events(self._folder).unlink()
        return recording

    def _pieces(self, run: Run) -> Iterator[None]:
        """Give what may be done during the first run with faults, and the first without."""
        if run.faulty not in self._begun:
            self._begun.add(run.faulty)
            yield from self._meanwhile(self._recordings)

    def hush(self) -> None:
        """Wait for the end of the messages, of which the last one has been sent."""
        if self._listener.ident:
            self._listener.join()

    def _listen(self) -> None:
        while message := self._messages.get():
            number, what, arguments = message
            if what == OVER:
                self._over[number].set()
            elif what == COMPLAINT:
                log.warning(*arguments)
            else:
                getattr(self._observers[number], what)(*arguments)


@contextmanager
def simulator(
    asked: Asked,
    folder: Path,
    events: TextIO | None,
    watch: runner.Watch,
    meanwhile: Meanwhile,
) -> Iterator[list[Engine]]:
    """Begin all simulations of a command, where there are several, on all cores; give the engine.

    However the block ends, no process is left. What is too long for memory is handed over by files
    in ``folder``; the recordings of runs with faults are kept there by those who made them. While
    they run, ``meanwhile`` is called once.
    """
    runs = asked.runs()
    processes = min(cores(), len(runs))
    if processes <= 1:
        log = EventLog(events) if events else None
        yield [SimEngine(permute=asked.permute, events=log)] if runs else []
        return
    messages: SimpleQueue[Message | None] = CONTEXT.SimpleQueue()
    with pool(processes, _prepare, messages, folder) as executor:
        futures = {run: submitted(executor, _simulate, run, traced=bool(events)) for run in runs}
        # The processes end with their work: what is measured takes longer.
        executor.shutdown(wait=False)
        spread = Spread(futures, messages, folder, events, watch, meanwhile)
        yield [spread]
        messages.put(None)
        spread.hush()


# What follows runs in one of the processes.


class _Here:
    """Where a process tells what it does, and keeps what is too long to tell."""

    messages: "SimpleQueue[Message | None]"
    folder: Path
    calm = ExitStack()
    """Entered for good: what the last run has left goes with the process."""


def _prepare(messages: "SimpleQueue[Message | None]", folder: Path) -> None:
    _Here.messages, _Here.folder = messages, folder
    _Here.calm.enter_context(calm())
    tempfile.tempdir = str(folder)


@dataclass(frozen=True, slots=True)
class _Teller:
    """The observer of a run, which tells the first process."""

    number: int

    def second(self, number: int, good: int) -> None:
        """Tell of a second that has passed."""
        _Here.messages.put((self.number, "second", (number, good)))

    def step(self, what: str) -> None:
        """Tell of a step."""
        _Here.messages.put((self.number, "step", (what,)))

    def complain(self, line: str) -> None:
        """Tell what a library logs; the first process prints it once for all."""
        _Here.messages.put((self.number, COMPLAINT, ("%s", line)))


def _simulate(run: Run, *, traced: bool) -> Recording:
    lab, variant = run.parts()
    asked, teller = run.asked, _Teller(run.number)
    result = Result(slug=asked.slug, lab=lab, seed=asked.seed)
    try:
        with complaints.told(teller.complain), _trace(run, traced=traced) as log:
            engine = SimEngine(permute=asked.permute, events=log)
            recording = runner.record(result, lab, engine, variant, lambda *_: teller)
        if run.faulty:
            store.keep(recording, _Here.folder)
        return recording
    finally:
        _Here.messages.put((run.number, OVER, ()))


@contextmanager
def _trace(run: Run, *, traced: bool) -> Iterator[EventLog | None]:
    if not traced:
        yield None
        return
    with run.events(_Here.folder).open("w") as file:
        yield EventLog(file)
