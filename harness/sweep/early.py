"""A run that ends as soon as what is looked at can no longer change.

A measure is tried on a recording under way that gives only what is final, and breaks the attempt
off at anything else: requests whose window has not been answered, calls (each may still end),
samples that are still to come, faults that are not over. So a value that is found is the whole
run's own, whatever the measure does, and nothing has to be known of any measure. A series that
first appears later has no samples in a window that is over. What would have broken the run off
after that moment, such as a service that cannot be simulated, is not seen.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NoReturn, SupportsFloat, cast

from harness.changes import Change
from harness.conductor import FaultLog, applied, conducted
from harness.engines.protocol import Plan, Unwatched
from harness.engines.sim.session import SimSession
from harness.model.expect import Value
from harness.recording import FaultRecord, Recording, Request, SeriesKey
from harness.sweep.measures import Looked

STEP_S = 0.25
"""How often a run under way is looked at, in its own seconds."""


class NotYetError(Exception):
    """Something was asked for that may still change."""


class _Unsampled(SupportsFloat):
    """A sample that is still to come: any use of it breaks the attempt off."""

    def _refuse(self, *_: object) -> NoReturn:
        raise NotYetError

    __float__ = __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __neg__ = __eq__ = __ne__ = __hash__ = _refuse


UNSAMPLED = cast("float", _Unsampled())


class Unfinished:
    """A recording under way, as measures read one; what is not final raises `NotYetError`."""

    def __init__(self, so_far: Recording, lasts_s: float, settled_s: float, log: FaultLog) -> None:
        self.lab, self.variant = so_far.lab, so_far.variant
        self.seed, self.engine = so_far.seed, so_far.engine
        self.duration_s = lasts_s
        self.surges = so_far.surges
        self._so_far = so_far
        self._settled_s = settled_s
        self._log = log

    @property
    def requests(self) -> Sequence[Request]:
        """All requests of the run."""
        if self._settled_s < self.duration_s:
            raise NotYetError
        return self._so_far.requests

    @property
    def spans(self) -> NoReturn:
        """Calls are final when the run is over: a server may end one long after its caller."""
        raise NotYetError

    @property
    def notes(self) -> NoReturn:
        """Notes may still come."""
        raise NotYetError

    @property
    def faults(self) -> list[FaultRecord]:
        """All faults and steps, when none of them is under way or still to come."""
        records = list(self._log.values())
        if not all(map(applied, records)):
            raise NotYetError
        return records

    @property
    def series(self) -> dict[SeriesKey, list[float]]:
        """Samples up to now, and in place of those to come what breaks the attempt off."""
        count = math.ceil(self.duration_s) + 1
        return {
            key: [*values, *[UNSAMPLED] * (count - len(values))]
            for key, values in self._so_far.series.items()
        }

    def due(self, start_s: float, end_s: float) -> Iterator[Request]:
        """Go through the requests that were due in [start, end), which all have ended."""
        if self._settled_s < min(end_s, self.duration_s):
            raise NotYetError
        return self._so_far.due(start_s, end_s)

    def between(self, start_s: float, end_s: float) -> list[Request]:
        """Give those of a window, all at once."""
        return list(self.due(start_s, end_s))

    def triggers(self) -> tuple[Change, ...]:
        """Name what the run has met."""
        return Recording.triggers(cast("Recording", self))


def value_of(plan: Plan, looked: Looked) -> Value:
    """Simulate a plan for as long as it takes to know what is looked at; give that.

    Raises:
        ChaoslabError: the lab is at fault, or its simulation is stuck, before the value is known.

    """
    log: FaultLog = {}
    with SimSession(plan, conducted(plan.lab, log), Unwatched()) as session:
        known_s = looked.known_from_s(plan.lab, plan.variant.name)
        # Samples come on whole seconds: the last one of a window that ends between two is there.
        at_s = math.floor(known_s) if math.isfinite(known_s) else math.inf
        while math.isfinite(at_s) and not session.over:
            session.advance(at_s)
            if not session.over and (value := _known(session, plan, looked, log)):
                return value
            at_s += STEP_S
        return looked.read(plan.lab, session.finish())


def _known(session: SimSession, plan: Plan, looked: Looked, log: FaultLog) -> Value | None:
    so_far = session.simulation.so_far()
    settled_s = _settled_s(session, plan, so_far.requests)
    unfinished = Unfinished(so_far, plan.lab.duration_s, settled_s, log)
    try:
        return looked.known(plan.lab, cast("Recording", unfinished))
    except (NotYetError, LookupError):  # a series that is looked up by its name may still appear
        return None


def _settled_s(session: SimSession, plan: Plan, ended: Sequence[Request]) -> float:
    """Give the second before which every request that was due has ended."""
    for number, request in enumerate(ended):
        if request.number != number:  # the one between has not ended
            return ended[number - 1].intended_s if number else 0.0
    following = session.simulation.load.next_arrival()
    if following is not None and following.number == len(ended):
        return following.at_s
    if following is None and _count(plan) == len(ended):
        return math.inf
    return ended[-1].intended_s if ended else 0.0


def _count(plan: Plan) -> int:
    return sum(1 for _ in plan.lab.load.arrivals(plan.seed, plan.lab.duration_s))
