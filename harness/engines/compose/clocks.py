"""The harness' clock against the load's: faults are timed on the one, requests on the other.

On one machine both read the same clock. An engine in a virtual machine or on another host has one
of its own, and a fault would come early or late by what they differ, unseen by any control.
"""

import math
import time
from dataclasses import dataclass

from harness.engines.compose.machine import boot_id
from harness.errors import EnvironmentNotReadyError

LIMIT_S = 0.05
"""How far they may be apart, as late as a request may be."""
QUESTIONS = 10
"""How often the load is asked for its time before a slow engine is given up."""
FIX = "set both by NTP, then run again"


@dataclass(slots=True, kw_only=True)
class Clocks:
    """How far the load's clock is ahead of this one: between two bounds, in seconds.

    The load reads its clock after it was asked and before it is heard, so each answer bounds the
    difference from both sides.
    """

    least_s: float = -math.inf
    most_s: float = math.inf
    same_machine: bool = False

    def hear(self, *, asked_s: float, told_s: float, heard_s: float, boot: str) -> None:
        """Take an answer: when it was asked for and heard on this clock, and what the load read."""
        self.least_s = max(self.least_s, told_s - heard_s)
        self.most_s = min(self.most_s, told_s - asked_s)
        self.same_machine = bool(boot) and boot == boot_id()

    @property
    def ahead_s(self) -> float:
        """The difference nearest to none that agrees with all answers."""
        return max(self.least_s, min(self.most_s, 0.0))

    @property
    def known(self) -> bool:
        """Whether it is certain that they are near enough, or that they are not."""
        near = self.least_s >= -LIMIT_S and self.most_s <= LIMIT_S
        return near or abs(self.ahead_s) > LIMIT_S

    def check(self) -> None:
        """Refuse clocks that are apart, or may be.

        Raises:
            EnvironmentNotReadyError: they are, and by how much.

        """
        if abs(self.ahead_s) > LIMIT_S:
            way = "ahead of" if self.ahead_s > 0 else "behind"
            raise EnvironmentNotReadyError(
                f"the clock of the Docker engine's machine is {abs(self.ahead_s):.2f} s {way} this "
                f"machine's, so faults would come at wrong times: {FIX}"
            )
        if not self.known and not self.same_machine:
            raise EnvironmentNotReadyError(
                f"the clocks of this machine and of the Docker engine's cannot be compared to "
                f"{1000 * LIMIT_S:.0f} ms, for the engine answers too slowly: run again"
            )

    def here_s(self, there_s: float) -> float:
        """Give a time of the load's clock as one of this process' monotonic clock."""
        return there_s - self.ahead_s + time.monotonic() - time.time()


def check_jump(jumped_s: float) -> None:
    """Refuse a run during which the load's clock was set: services time their calls by it.

    Raises:
        EnvironmentNotReadyError: it was, and by how much.

    """
    if abs(jumped_s) > LIMIT_S:
        raise EnvironmentNotReadyError(
            f"the clock of the Docker engine's machine jumped by {jumped_s:+.2f} s during the run: "
            "run again"
        )
