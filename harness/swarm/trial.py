"""Trials: a scenario is run once, again, and in pieces, and all that must hold is checked."""

import io
import math
import re
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.conductor import conductor
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.engines.sim.invariants import checking
from harness.engines.sim.machine import ROUNDING_S
from harness.engines.sim.order import Permutation
from harness.errors import ChaoslabError
from harness.recording import Recording
from harness.swarm.acts import WRONG
from harness.swarm.overload import may_be_late
from harness.swarm.scenario import Scenario

PIECE_S = 0.3719
"""How much virtual time passes in a piece: no timer of a scenario stands at a multiple of it."""

EXPECTED = re.compile(
    r"ended with code 3( \(|$)|Error handling request from toxiproxy: ConnectionResetError\(\)"
)
"""What a process may be noted for: the end that an act asks for, and a caller that has gone before
its answer began, of which aiohttp tells."""


VARYING = re.compile(r"\S*->\S*|@?\b[a-h](-\d)?(#\d+)?\b|\d[\d.]*|\(\d+ times.*")
"""What differs from scenario to scenario in what is said of the same bug."""


class Kind(StrEnum):
    """In which way a scenario fails."""

    ENDED = "the run ended with an error"
    WRONG = "a host saw what must never be"
    NOTED = "a host failed in a way that no storm explains"
    RECORDED = "the recording contradicts itself"
    NOT_HEALED = "something is still broken after the storm"
    CALM = "a request failed though nothing was broken"
    AGAIN = "a second run is another one"
    PIECES = "a run in pieces is another one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a scenario fails, what was seen, and where an error was raised."""

    kind: Kind
    text: str
    where: str = ""

    @property
    def sign(self) -> tuple[Kind, str]:
        """Give what is the same for the same bug: neither hosts nor numbers."""
        return self.kind, self.where or VARYING.sub("", self.text).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: what was recorded unless it broke off, each event as a line, and what failed."""

    recording: Recording | None
    events: tuple[str, ...]
    failure: Failure | None
    instants: int

    @property
    def digest(self) -> tuple[str, tuple[str, ...]]:
        """Give what must be the same in each run of a scenario."""
        return self.recording.digest() if self.recording else "", self.events


class Quiet:
    """An observer that looks away."""

    def second(self, number: int, good: int) -> None:
        """Look away."""

    def step(self, what: str) -> None:
        """Look away."""


def failure(scenario: Scenario, *, like: Failure | None = None) -> Failure | None:
    """Say how a scenario fails; with `like`, only what is needed to find the same is run.

    The second run is the one in pieces: only where it is another does a third say why.
    """
    first = once(scenario)
    if first.failure or (like and like.kind not in {Kind.AGAIN, Kind.PIECES}):
        return first.failure
    pieces = once(scenario, piece_s=PIECE_S)
    if pieces.digest == first.digest:
        return None
    again = once(scenario)
    kind, other = (Kind.PIECES, pieces) if again.digest == first.digest else (Kind.AGAIN, again)
    text = other.failure.text if other.failure else parting(first, other)
    return Failure(kind=kind, text=text, where="another run")


def once(scenario: Scenario, *, piece_s: float | None = None) -> Run:
    """Run a scenario once, with all assertions of the kernel on, and check what came of it."""
    WRONG.clear()
    file = io.StringIO()
    order = scenario.order.permutation() if scenario.order else None
    recording: Recording | None = None
    found: Failure | None = None
    try:
        made = _recorded(scenario, file, order, piece_s)
    except Exception as error:  # noqa: BLE001 - whatever it is, the simulator is at fault
        text = str(error) if isinstance(error, ChaoslabError) else repr(error)
        found = Failure(kind=Kind.ENDED, text=text, where=_where(error))
    else:
        recording, found = made, next(_wrong(scenario, made), None)
    return Run(
        recording=recording,
        events=tuple(file.getvalue().splitlines()),
        failure=found,
        instants=order.instants if order else 0,
    )


def parting(one: Run, other: Run) -> str:
    """Say at which event two runs part."""
    for left, right in zip(one.events, other.events, strict=False):
        if left != right:
            return f"{left} in one, {right} in the other"
    if len(one.events) != len(other.events):
        return f"one has {len(one.events)} events, the other {len(other.events)}"
    return "the same events, but other requests, spans or series"


def _recorded(
    scenario: Scenario, file: io.StringIO, order: Permutation | None, piece_s: float | None
) -> Recording:
    plan = scenario.plan()
    engine = SimEngine(permute=order, events=EventLog(file), piece_s=piece_s)
    with checking(dear=True):
        return engine.run(plan, conductor(plan.lab.faults, plan.lab.duration_s), Quiet())


def _where(error: Exception) -> str:
    """Name the function in which an error was raised."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return f"{type(error).__name__} in {codes[-1].co_qualname}"


def _wrong(scenario: Scenario, recording: Recording) -> Iterator[Failure]:
    yield from (Failure(kind=Kind.WRONG, text=text) for text in WRONG)
    for note in recording.notes:
        if not EXPECTED.search(note):
            yield Failure(kind=Kind.NOTED, text=note)
    yield from (Failure(kind=Kind.RECORDED, text=text) for text in _contradictions(recording))
    asks = scenario.asks
    if len(recording.requests) != sum(ask.at_s < recording.duration_s for ask in asks):
        text = f"of {len(asks)} requests {len(recording.requests)} are recorded"
        yield Failure(kind=Kind.RECORDED, text=text)
    yield from _unhealed(scenario, recording)


def _contradictions(recording: Recording) -> Iterator[str]:
    """Each request and span ends once, and not before it begins."""
    for number, one in enumerate(recording.requests):
        if one.number != number or not one.status or one.sent_s < one.intended_s - ROUNDING_S:
            yield f"request {number}: {one}"
        if not (math.isnan(one.answered_s) or one.answered_s >= one.sent_s):
            yield f"request {number} is answered before it is sent: {one}"
    spans = Counter((span.span, span.kind) for span in recording.spans)
    yield from (f"{kind} span {name} ends {n} times" for (name, kind), n in spans.items() if n > 1)
    for span in recording.spans:
        if not 0 <= span.start_s <= span.end_s:
            yield f"a span ends before it begins: {span}"
    samples = math.ceil(recording.duration_s) + 1
    for key, values in recording.series.items():
        if len(values) != samples:
            yield f"{key} has {len(values)} samples, where there are {samples}"


def _unhealed(scenario: Scenario, recording: Recording) -> Iterator[Failure]:
    """Find what is not answered though asked before anything is broken, or after all is healed."""
    crashes = [ask.at_s for ask in scenario.asks if ask.path.startswith("/act/exit")]
    first_s = min([*crashes, *(timed.start_s for timed in scenario.lab.faults)], default=math.inf)
    for one in recording.requests:
        told = f"{one.path} of {one.to} at {one.sent_s:g} s: {one.status}"
        if one.path == "/probe" and not one.good:
            yield Failure(kind=Kind.NOT_HEALED, text=told)
        elif one.answered_s < first_s and not (
            one.good or _may_fail(scenario, one.to) or may_be_late(scenario, one, recording)
        ):
            yield Failure(kind=Kind.CALM, text=told)


def _may_fail(scenario: Scenario, to: str) -> bool:
    """Say whether a service may call nobody, which some acts are refused for."""
    service = scenario.lab.service(to)
    stores = {store.name for store in scenario.lab.stores}
    return not set(service.calls) - stores
