"""How a page speaks to a session: JSON objects, one a message, over any transport.

The page sends `{"do": ..., "id": ...}`, and each is answered by `ok`, or by `refused` with a
sentence for people. What the engine tells by itself is a `tick` as time passes, `ended`, `failed`.

    hello                                            -> hello: labs, faults, what this engine can
    open      {"experiment": {...}, "to_s": 0}       -> opened: hosts, links, settings; then a tick
    play      {"speed": 1}       pause {}
    step      {"by": "event" | "request" | "second"}    advance {"to_s": 12.5}
    step      {"by": "failure", "to_s": 12.5}           to a failure, or on by a tenth of a second
    upcoming  {"most": 8}                            -> upcoming: what comes next, in words
    act       {"operation": {"do": "inject", ...}}   -> acted: what, when, the fault's number
    rewind    {"to_s": 8}                            -> picture: how it was then; opened, a tick
    picture   {"to_s": 8}                            -> picture: how it was in that second
    look      {}                                     -> tick: with all rows since the start
    history   {"span_s": 10}                         -> history: operations, anomalies marked
    follow    {"request": 12}                        -> followed: its end, its spans
    messages  {"on": true}                              ticks then have them
    lesson    {"lab": "..."}                         -> lesson: question, choices, text, tries
    claims    {}                                     -> claims: how what the lab claims stands
    library   {}                                     -> library: services, guards, a first system
    system    {"system": {...}}                      -> system: its lab's name, its lab file
    export    {}                                     -> exported: the experiment
    close     {}

To go back is to play again from the start, in slices between which commands are taken: one that is
sent meanwhile is refused, but for another `rewind`, `open` or `picture`. Each tick has `rows`, one
for each look since the tick before it. Times are seconds of the run; what is unknown is null.
"""

import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from harness.errors import ChaoslabError, LabError
from harness.live import messages
from harness.live.abilities import SIMULATED
from harness.live.commands import (
    Act,
    Few,
    Messages,
    Moment,
    Nothing,
    Open,
    Play,
    Step,
    System,
)
from harness.live.conversation import Command, Conversation, Send
from harness.live.described import opened
from harness.live.history import History
from harness.live.messages import Labs
from harness.live.moments import MICRO, SLICE_S, lasting, moment_of, next_slice_s
from harness.live.session import Session
from harness.model.experiment import experiment_from_json
from harness.model.operations import operation_from_json
from harness.model.plain_values import short

TICK_S = 0.05
"""Time of the wall between two ticks, at least: no eye sees more."""
SPEEDS = (0.25, 100.0)
SERIES_S = 1.0
MOST_UPCOMING = 100
MOST_WALL_S = 0.5
"""How much of a pause of the machine is made up for."""


class Speaker(Conversation):
    """The simulator's side: one session at a time, and the pace at which it plays."""

    def __init__(self, send: Send, labs: Labs) -> None:
        super().__init__(send, labs)
        self._session: Session | None = None
        self._target_s = 0.0
        self._speed = 0.0
        self._series_s = self._since_tick_s = 0.0
        self._is_told_over = self._is_replayed = self._has_messages = False
        self._history = History()

    @property
    def is_playing(self) -> bool:
        """Whether time is to pass, by `play` or on the way to a moment."""
        session = self._session
        if session is None or session.over:
            return False
        return bool(self._speed) or session.now_s < self._target_s

    @property
    def has_time(self) -> bool:
        """Whether it need not go as fast as it can: it plays at a speed that a person chose."""
        return 0 < self._speed <= SLICE_S / TICK_S

    def pass_time(self, wall_s: float) -> None:
        """Let a slice of time pass, if any is to pass; `wall_s` have gone by since the last."""
        session = self._session
        if session is None or not self.is_playing:
            return
        most_s = next_slice_s(session.now_s)
        if self._speed:
            # Slower than asked for, by a busy machine, leaves no debt behind.
            ahead_s = min(wall_s, MOST_WALL_S) * self._speed
            owed_s = max(self._target_s, session.now_s) + ahead_s
            self._target_s = min(round(owed_s, MICRO), most_s)
        to_s = max(session.now_s, min(self._target_s, most_s))
        try:
            session.advance(to_s)
        except ChaoslabError as error:
            self._fail(str(error))
            return
        if self._is_replayed:
            self._history.keep(session.look())
            if not self.is_playing:
                self._arrive()
            return
        self._since_tick_s += wall_s
        if self._since_tick_s >= TICK_S or not self.is_playing:
            self._tick()
        else:
            self._history.keep(session.look())

    def close(self) -> None:
        """Close the session, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _there(self) -> Session:
        if self._session is None:
            raise LabError("no lab is open; send open first")
        if self._is_replayed:
            to_s = self._target_s
            raise LabError(f"the run is being played again up to {to_s:g} s; wait for it")
        return self._session

    def _hello(self, _: Nothing) -> None:
        self._send(messages.hello(self._labs, SIMULATED))

    def _open(self, asked: Open) -> None:
        experiment = experiment_from_json(asked.experiment)
        if not experiment.lab:
            raise LabError("experiment: lab is missing; name one, as in retry-storm")
        lab = self._workbench.find(experiment.lab)
        session = Session(experiment.lab, lab, lasting(experiment))
        self._begin(session, asked.to_s)

    def _begin(self, session: Session, to_s: float) -> None:
        """Open a session and play it up to a moment, in the slices in which time passes anyway."""
        try:
            to_s = moment_of(to_s, session)
            session.open()
        except BaseException:
            session.close()
            raise
        session.watch_messages(on=self._has_messages)
        self.close()
        self._session, self._history = session, History()
        self._speed, self._target_s, self._is_replayed = 0.0, to_s, True
        self._history.keep(session.look())
        if not self.is_playing:
            self._arrive()

    def _arrive(self) -> None:
        """Show a session that stands at the moment at which it was to begin."""
        self._is_replayed = False
        session = self._there()
        self._target_s = session.now_s
        self._series_s, self._is_told_over = -SERIES_S, False
        self._send({"say": "opened", **SIMULATED.told(), **opened(session)})
        self._tick()

    def _play(self, asked: Play) -> None:
        self._there()
        low, high = SPEEDS
        if not low <= asked.speed <= high:
            raise LabError(f"speed is {asked.speed:g}; it must lie between {low:g} and {high:g}")
        self._speed = asked.speed
        self._tick()

    def _pause(self, _: Nothing) -> None:
        self._stand()
        self._tick()

    def _stand(self) -> None:
        self._speed, self._target_s = 0.0, self._there().now_s

    def _step(self, asked: Step) -> None:
        session = self._there()
        steps: dict[str, Callable[[], None]] = {
            "event": session.step_event,
            "request": session.step_request,
            "second": lambda: session.advance(math.floor(session.now_s + 1)),
            "failure": lambda: self._seek_failure(session, asked.to_s),
        }
        if asked.by not in steps:
            raise LabError(f"by is {short(asked.by)}; it may be {', '.join(steps)}")
        self._stand()
        self._carefully(steps[asked.by])

    def _seek_failure(self, session: Session, to_s: float) -> None:
        limit_s = min(next_slice_s(session.now_s), to_s)
        session.advance_to_failure(max(session.now_s, limit_s))

    def _upcoming(self, asked: Few) -> None:
        if not 1 <= asked.most <= MOST_UPCOMING:
            raise LabError(f"most is {asked.most}; it must lie between 1 and {MOST_UPCOMING}")
        self._send(messages.upcoming(self._there(), asked.most))

    def _advance(self, asked: Moment) -> None:
        session = self._there()
        to_s = moment_of(asked.to_s, session)
        if to_s < session.now_s:
            raise LabError(f"the run is at {session.now_s:g} s already; send rewind to go back")
        self._speed, self._target_s = 0.0, to_s

    def _act(self, asked: Act) -> None:
        session = self._there()
        operation = operation_from_json(asked.operation)
        number = session.act(operation)
        done = {"at_s": session.now_s, "fault": number, "operation": operation.to_json()}
        self._send({"say": "acted", **done})
        self._tick()

    def _rewind(self, asked: Moment) -> None:
        session = self._session or self._there()
        to_s = moment_of(asked.to_s, session)
        reached_s = self._target_s if self._is_replayed else session.now_s
        if to_s > reached_s:
            raise LabError(f"the run is at {reached_s:g} s; send advance to go forward")
        self._picture(asked)
        self._begin(session.again(to_s), to_s)

    def _picture(self, asked: Moment) -> None:
        look = self._history.picture(asked.to_s)
        self._send({"say": "picture", "look": messages.finite(look)})

    def _look(self, _: Nothing) -> None:
        self._there()
        self._history.again()
        self._series_s = -SERIES_S
        self._tick()

    def _messages(self, asked: Messages) -> None:
        self._there().watch_messages(on=asked.on)
        self._has_messages = asked.on

    def _library(self, _: Nothing) -> None:
        self._send(self._workbench.library())

    def _system(self, asked: System) -> None:
        self._send(self._workbench.make(asked.system))

    COMMANDS: ClassVar[Mapping[str, Command]] = {
        "hello": (Nothing, _hello),
        "open": (Open, _open),
        "play": (Play, _play),
        "pause": (Nothing, _pause),
        "step": (Step, _step),
        "advance": (Moment, _advance),
        "act": (Act, _act),
        "rewind": (Moment, _rewind),
        "picture": (Moment, _picture),
        "look": (Nothing, _look),
        "upcoming": (Few, _upcoming),
        "messages": (Messages, _messages),
        "library": (Nothing, _library),
        "system": (System, _system),
        **Conversation.COMMANDS,
    }

    def _carefully(self, pass_time: Callable[[], None]) -> None:
        try:
            pass_time()
        except ChaoslabError as error:
            self._fail(str(error))
            return
        self._target_s = self._there().now_s
        self._tick()

    def _tick(self) -> None:
        session = self._there()
        self._since_tick_s = 0.0
        self._speed = 0.0 if session.over else self._speed
        look = session.look()
        self._history.keep(look)
        tick = messages.tick(session, look)
        tick |= {"speed": self._speed, "rows": self._history.fresh()}
        if session.over or session.now_s >= self._series_s + SERIES_S:
            self._series_s = math.floor(session.now_s)
            tick["series"] = messages.series(session)
        self._send(tick)
        if session.over and not self._is_told_over:
            self._is_told_over = True
            self._send({"say": "ended", "digest": session.finish().digest()})

    def _fail(self, why: str) -> None:
        """Tell that the run cannot go on; it can be rewound, or another one opened."""
        self._is_replayed = False
        self._stand()
        self._send({"say": "failed", "why": why})
