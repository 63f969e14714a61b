"""A session: one lab under way, in virtual time, with all that a person may do and see.

with Session("retry-storm", LAB, Experiment(variant="naive", duration_s=60)) as session:
    session.advance(5)
    session.act(Inject(Pause("payments")))
    session.advance(8)
    session.act(HealAll())
    session.look().load.failed
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Self

from harness.acting import RefusedError
from harness.conductor import conducted
from harness.engines.protocol import Unwatched
from harness.engines.sim.session import SimSession
from harness.engines.sim.tally import Tally
from harness.engines.sim.upcoming import Upcoming
from harness.errors import LabError
from harness.live import plans
from harness.live.ahead import Ahead
from harness.live.snapshot import Look, looked
from harness.live.viewed import Viewed
from harness.model.experiment import Experiment
from harness.model.lab import Lab
from harness.model.operations import Inject, Operation
from harness.recording import Recording

MOST_MESSAGES = 2000
"""How many messages are kept between two looks at them; older ones are dropped."""
MOST_EVENTS = 100_000
"""How many events are passed in search of the load's next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Bytes on a link, or a connect or an end, when they left and when they arrive."""

    event: str
    link: str
    connection: int
    way: str
    size_bytes: int
    sent_s: float
    arrives_s: float


class Session(Viewed):
    """An experiment under way: it begins at 0 s, and does what its script says when it is time."""

    def __init__(self, slug: str, lab: Lab, experiment: Experiment) -> None:
        super().__init__(slug, lab, experiment)
        self._tally = Tally()
        self._is_open = False
        self._ahead = Ahead(experiment.script)
        self._messages: deque[Message] = deque(maxlen=MOST_MESSAGES)
        self._run = SimSession(
            self.plan,
            conducted(self.lab),
            Unwatched(),
            permute=experiment.permute,
            tally=self._tally,
        )

    def open(self) -> None:
        """Start the hosts; once is enough.

        Raises:
            ChaoslabError: a service does not start.

        """
        if not self._is_open:
            self._run.open()
            self._is_open = True

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
        return self._run.now_s

    @property
    def over(self) -> bool:
        """Whether all requests are answered, and there is a recording."""
        return self._run.over

    @property
    def tally(self) -> Tally:
        """What is counted of the run."""
        return self._tally

    def advance(self, to_s: float) -> None:
        """Let time pass to a moment, and do all that is due then, of the script too.

        What of the script cannot be done by then, because a person did something else, is noted.

        Raises:
            ChaoslabError: the lab is at fault, its simulation is stuck, or the moment has gone by.

        """
        while (next_s := self._ahead.next_s()) is not None and next_s <= to_s and not self.over:
            self._run.advance(max(next_s, self.now_s))
            self._do_next()
        self._run.advance(to_s)

    def advance_to_failure(self, to_s: float) -> bool:
        """Let time pass as above, but only until a request of the load has failed; say whether.

        Raises:
            ChaoslabError: as above.

        """
        while (next_s := self._ahead.next_s()) is not None and next_s <= to_s and not self.over:
            if self._run.advance_to_failure(max(next_s, self.now_s), self._tally):
                return True
            self._do_next()
        return self._run.advance_to_failure(to_s, self._tally)

    def _do_next(self) -> None:
        act, operation = self._ahead.take()
        what = f"the script's {act.operation.do} at {act.at_s:g} s"
        if operation is None:
            self._run.note(f"{what}: the fault that it is to heal was not injected")
            return
        try:
            self._ahead.got(self._run.act(operation))
        except RefusedError as error:
            self._run.note(f"{what}: {error}")

    def step_event(self) -> None:
        """Let time pass to the next event."""
        next_s = self.next_s()
        if next_s < math.inf:
            self.advance(next_s)

    def step_request(self) -> None:
        """Let time pass until the load has sent another request, if it sends any more."""
        sent = self._tally.sent
        for _ in range(MOST_EVENTS):
            next_s = self.next_s()
            if next_s == math.inf or self._tally.sent > sent:
                return
            self.advance(next_s)

    def next_s(self) -> float:
        """Give the moment of the next event or act of the script; infinity where there is none."""
        ahead_s = None if self.over else self._ahead.next_s()
        return min(self._run.next_s(), math.inf if ahead_s is None else max(ahead_s, self.now_s))

    def upcoming(self, most: int) -> list[Upcoming]:
        """Tell what comes next, in order: planned operations and faults, and events of the run."""
        if self.over:
            return []
        planned = (*self.lab.faults, *self.lab.steps)
        ends_s = self.lab.duration_s
        done = [act.operation for act in self._run.script()]
        faults = [one.fault.said for one in done if isinstance(one, Inject)]
        script = self._ahead.rest(len(faults))
        ahead = plans.ahead(planned, script, faults, now_s=self.now_s, ends_s=ends_s)
        over_s = ends_s + self.lab.load.longest_timeout_s()
        due = takewhile(lambda event: event.at_s <= over_s, self._run.upcoming())
        return plans.next_of(ahead, due, most)

    def act(self, operation: Operation) -> int | None:
        """Do an operation now; an injected fault gives its number.

        Raises:
            RefusedError: it cannot be done, and nothing of it was.

        """
        return self._run.act(operation)

    def rewound(self, to_s: float) -> "Session":
        """Make the session of an earlier moment, with what was done before it; this is closed.

        What was done at that moment or later, or is still to be done, is gone.

        Raises:
            LabError: the moment is still to come, or before the start.

        """
        if not 0 <= to_s <= self.now_s:
            raise LabError(f"cannot go back to {to_s:g} s: the run is at {self.now_s:g} s")
        self.close()
        again = self.again(to_s)
        try:
            again.open()
            again.advance(to_s)
        except BaseException:
            again.close()
            raise
        return again

    def again(self, to_s: float) -> "Session":
        """Make a session that is still to be opened, with what of this is done before a moment."""
        own = self.export()
        before = tuple(act for act in own.script if act.at_s < to_s)
        return Session(self.slug, self.whole, replace(own, script=before))

    def finish(self) -> Recording:
        """Let the run go on to its end, with what is left of its script; give the recording.

        Raises:
            ChaoslabError: as above.

        """
        if (last_s := self._ahead.last_s()) is not None:
            self.advance(max(last_s, self.now_s))
        return self._run.finish()

    def close(self) -> None:
        """End the run; nothing of it is left but what it has been told."""
        self._run.close()

    def export(self) -> Experiment:
        """Give what was done, and is to be done, as an experiment, which replays to the byte."""
        done = self._run.script()
        injected = sum(isinstance(act.operation, Inject) for act in done)
        return replace(
            self.experiment,
            lab=self.slug,
            variant=self.variant.name,
            seed=self.seed,
            script=(*done, *self._ahead.rest(injected)),
        )

    def so_far(self) -> Recording:
        """Give a recording of the whole seconds that have passed."""
        return self._run.simulation.so_far()

    def look(self) -> Look:
        """Look at everything, at this moment."""
        return looked(self._run, self._tally, (*self.lab.faults, *self.lab.steps))

    def watch_messages(self, *, on: bool) -> None:
        """Keep what passes on the links from now on, or no more."""
        self._messages.clear()
        for link in self._run.simulation.links.values():
            link.tell = self._teller(link.name, link.delay_s) if on else None

    def messages(self) -> list[Message]:
        """Give what has passed since the last time that this was asked, the newest last."""
        found = list(self._messages)
        self._messages.clear()
        return found

    def _teller(self, link: str, delay_s: float) -> Any:  # noqa: ANN401 - the link's callable
        now, keep = self._run.simulation.now, self._messages.append

        def tell(event: str, connection: int, way: str, size: int) -> None:
            sent_s = now()
            keep(
                Message(
                    event=event,
                    link=link,
                    connection=connection,
                    way=way,
                    size_bytes=size,
                    sent_s=sent_s,
                    arrives_s=sent_s + delay_s,
                )
            )

        return tell
