"""What an engine is: it takes a plan, lets a conductor work on the system, and records.

The runner cannot tell the engines apart; a fault speaks to the `System` of either.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from harness.model.fault import System
from harness.model.lab import Lab
from harness.model.variant import Variant
from harness.recording import FaultRecord, Recording

Conductor = Callable[[System], Awaitable[list[FaultRecord]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: a lab by its slug and value, one of its variants, a seed."""

    slug: str
    lab: Lab
    variant: Variant
    seed: int


class Observer(Protocol):
    """Who watches a run while it goes on."""

    def second(self, number: int, good: int) -> None:
        """Tell of a second that has passed, and the good answers that it brought."""

    def step(self, what: str) -> None:
        """Tell of a step, such as starting containers, in a few words."""


class Unwatched:
    """An observer that looks away."""

    def second(self, number: int, good: int) -> None:
        """Let a second pass."""

    def step(self, what: str) -> None:
        """Let a step pass."""


class Engine(Protocol):
    """Makes a plan happen."""

    @property
    def name(self) -> str:
        """How the engine is called in `--engine` and in recordings."""

    @property
    def real_time(self) -> bool:
        """Whether a second of a run is a second of the machine, so that it can be late."""

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Start the lab, load it, let the conductor break and mend it, drain, stop, record.

        Raises:
            ChaoslabError: the run could not take place or cannot be trusted; nothing is left.

        """
