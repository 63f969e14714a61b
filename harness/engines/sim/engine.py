"""The simulated engine: runs a plan in virtual time from its start to its end."""

import gc

from harness.acting import RefusedError
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.events import EventLog
from harness.engines.sim.order import Permutation
from harness.engines.sim.process import EPOCH_S
from harness.engines.sim.session import SimSession
from harness.engines.sim.simulation import DELAY_S, NAME, SLACK_S
from harness.model.script import Script
from harness.recording import Recording

__all__ = ["DELAY_S", "EPOCH_S", "SLACK_S", "SimEngine"]


class SimEngine:
    """Runs a plan in virtual time: no sockets, threads or processes, the same for a seed.

    With a number for `permute`, or an order of its own, what happens at one instant happens in an
    order drawn from it; with `events`, every message and every change of a host is written there;
    with `piece_s`, the run is stopped each time that so much virtual time has passed, and goes on,
    which changes nothing.
    """

    name = NAME
    real_time = False

    def __init__(
        self,
        *,
        permute: int | Permutation | None = None,
        events: EventLog | None = None,
        piece_s: float | None = None,
    ) -> None:
        self._permute = permute
        self._events = events
        self._piece_s = piece_s

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Make the plan happen and record it.

        The lab's script is done beside what the conductor does.

        Raises:
            ChaoslabError: the lab is at fault, its simulation is stuck, or the script is refused.

        """
        with SimSession(
            plan, conduct, observer, permute=self._permute, events=self._events
        ) as session:
            _act(session, plan.lab.script)
            if self._piece_s is not None:
                self._advance_in_pieces(session, self._piece_s)
            recording = session.finish()
            for error in session.failures:
                raise error
            return recording

    def _advance_in_pieces(self, session: SimSession, piece_s: float) -> None:
        """Run to the end in pieces, with a collection between them."""
        while not session.over:
            session.advance(session.now_s + piece_s)
            gc.collect()


def _act(session: SimSession, script: Script) -> None:
    """Do what a script says, each operation at its moment."""
    for number, act in enumerate(script, 1):
        session.advance(act.at_s)
        try:
            session.act(act.operation)
        except RefusedError as error:
            what = f"script, entry {number} ({act.operation.do} at {act.at_s:g} s)"
            raise RefusedError(f"{what}: {error}") from error
