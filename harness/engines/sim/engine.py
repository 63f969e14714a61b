"""The simulated engine: runs a plan in virtual time from its start to its end."""

import gc

from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.events import EventLog
from harness.engines.sim.order import Permutation
from harness.engines.sim.session import SimSession
from harness.engines.sim.simulation import DELAY_S, NAME, SLACK_S
from harness.recording import Recording

__all__ = ["DELAY_S", "SLACK_S", "SimEngine"]


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

        Raises:
            ChaoslabError: the lab is at fault, or its simulation is stuck.

        """
        with SimSession(
            plan, conduct, observer, permute=self._permute, events=self._events
        ) as session:
            if self._piece_s is not None:
                self._advance_in_pieces(session, self._piece_s)
            return session.finish()

    def _advance_in_pieces(self, session: SimSession, piece_s: float) -> None:
        """Run to the end in pieces, with a collection between them."""
        pieces = 0
        while not session.over:
            pieces += 1
            session.advance(pieces * piece_s)
            gc.collect()
