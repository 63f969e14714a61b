"""How a page speaks to a session on containers: as to a simulated one, but time is the machine's.

What `protocol` lists and containers cannot is refused with a reason. New is:

    play      {}                 -> starting: what is being done, in words; then ticks by themselves
    finish    {}                 -> in a moment: ended, with the run that is kept, and its verdict
    open      {"experiment": {...}}   without a moment: a run begins at its start

`ended` has `run`, the folder; `verdict`, "" for a run that was not the lab as it is; `failed`, what
did not hold. An operation is answered when it was read back, while ticks go on.
"""

import math
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as NotYet
from typing import ClassVar

from harness.errors import LabError
from harness.live import messages
from harness.live.abilities import CONTAINERS
from harness.live.commands import Act, Nothing, Open, Play
from harness.live.containers_session import ContainersSession
from harness.live.conversation import Command, Conversation, Send
from harness.live.described import opened
from harness.live.history import History
from harness.live.kept_run import Drawing, undrawn
from harness.live.messages import Labs
from harness.live.moments import lasting
from harness.model.experiment import OwnFaults, experiment_from_json
from harness.model.operations import operation_from_json

TICK_S = 0.2
"""Between two ticks: what is drawn from them moves, and the machine has containers to run."""
SERIES_S = 1.0
SHARE = 0.1
"""The most of its time that a session spends on the lab's plots, which grow with the run."""
REAL_TIME = "containers live in real time: they cannot be paused, stepped, hurried or taken back"
UNSEEN = "containers live in real time, and do not tell of what is to come or under way"
SIMULATED = "a system of your own is simulated: start ./lab play without --engine compose"


class RealTimeSpeaker(Conversation):
    """The containers' side of the protocol: one session at a time, played once."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("pause", "step", "advance", "rewind", "picture"), REAL_TIME),
        **dict.fromkeys(("upcoming", "messages"), UNSEEN),
        **dict.fromkeys(("library", "system"), SIMULATED),
    }

    def __init__(self, send: Send, labs: Labs, drawing: Drawing = undrawn) -> None:
        super().__init__(send, labs)
        self._drawing = drawing
        self._session: ContainersSession | None = None
        self._history = History()
        self._since_tick_s = 0.0
        self._series_s = 0.0
        self._is_told_over = False

    @property
    def is_playing(self) -> bool:
        """Whether there is something to be told by itself."""
        return (
            self._session is not None
            and not self._is_told_over
            and (self._session.is_under_way or self._session.over)
        )

    @property
    def has_time(self) -> bool:
        """Time passes by itself."""
        return True

    def pass_time(self, wall_s: float) -> None:
        """Tell how things are, every now and then."""
        session = self._session
        if session is None or not self.is_playing:
            return
        for what in session.steps():
            self._send({"say": "starting", "what": what})
        self._since_tick_s += wall_s
        if session.over:
            self._tell_over(session)
        elif self._since_tick_s >= TICK_S:
            self._tick(session)

    def close(self) -> None:
        """Stop the session, if there is one; nothing of it is left."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _there(self) -> ContainersSession:
        if self._session is None:
            raise LabError("no lab is open; send open first")
        return self._session

    def _hello(self, _: Nothing) -> None:
        self._send(messages.hello(self._labs, CONTAINERS))

    def _open(self, asked: Open) -> None:
        experiment = experiment_from_json(asked.experiment)
        if not experiment.lab:
            raise LabError("experiment: lab is missing; name one, as in retry-storm")
        if asked.to_s:
            raise LabError(f"to_s is {asked.to_s:g}; {REAL_TIME}, so a run begins at 0")
        if experiment.permute is not None:
            raise LabError("permute is for the simulator: containers have an order of their own")
        lab = self._labs.find(experiment.lab)
        as_lab = experiment.faults is OwnFaults.LAB
        timed = experiment if as_lab else lasting(experiment)
        session = ContainersSession(experiment.lab, lab, timed, self._drawing)
        self.close()
        self._session, self._history = session, History()
        self._is_told_over = False
        own = {"faults": OwnFaults.LAB.value, "duration_s": lab.duration_s, "script": []}
        self._send({"say": "opened", **CONTAINERS.told(), **opened(session, own)})
        self._tick(session)

    def _play(self, asked: Play) -> None:
        if asked.speed != 1:
            raise LabError(f"speed is {asked.speed:g}; {REAL_TIME}")
        self._there().play()
        self._series_s = 0.0

    def _act(self, asked: Act) -> None:
        session = self._there()
        operation = operation_from_json(asked.operation)
        acting = session.act(operation)
        while True:
            try:
                at_s, number = acting.result(TICK_S)
                break
            except NotYet:
                self._tick(session)
            except CancelledError:
                raise LabError("the run ended before that was done") from None
        done = {"at_s": at_s, "fault": number, "operation": operation.to_json()}
        self._send({"say": "acted", **done})
        self._tick(session)

    def _finish(self, _: Nothing) -> None:
        self._there().end()

    def _look(self, _: Nothing) -> None:
        self._history.again()
        self._series_s = 0.0
        session = self._there()
        self._tick(session)
        if session.over:
            self._tell_end(session)

    def _tick(self, session: ContainersSession) -> None:
        self._since_tick_s = 0.0
        look = session.look()
        self._history.keep(look)
        tick = {"say": "tick", **messages.finite(look), "next_s": None, "messages": []}
        tick |= {"speed": 1.0 if session.is_under_way else 0.0, "rows": self._history.fresh()}
        began_s = time.monotonic()
        if session.over or look.at_s >= self._series_s:
            tick["series"] = messages.series(session)
            took_s = time.monotonic() - began_s
            self._series_s = math.floor(look.at_s) + max(SERIES_S, took_s / SHARE)
        self._send(tick)

    def _tell_over(self, session: ContainersSession) -> None:
        self._is_told_over = True
        self._tick(session)
        self._tell_end(session)

    def _tell_end(self, session: ContainersSession) -> None:
        if session.kept is None:
            self._send({"say": "failed", "why": session.failed})
            return
        kept = session.kept
        told = {"run": kept.run, "verdict": kept.verdict, "failed": list(kept.failed)}
        self._send({"say": "ended", "digest": kept.digest, **told})

    COMMANDS: ClassVar[Mapping[str, Command]] = {
        "hello": (Nothing, _hello),
        "open": (Open, _open),
        "play": (Play, _play),
        "act": (Act, _act),
        "finish": (Nothing, _finish),
        "look": (Nothing, _look),
        **Conversation.COMMANDS,
    }
