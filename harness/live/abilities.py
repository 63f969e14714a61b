"""What each engine lets a person do with a run: pages show that, and hide all else."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """An engine by its name on pages, what it can, and the kinds of faults that it lacks.

    `can` is of: `pause`, `speed`, `step`, `rewind` (and the pictures of earlier moments),
    `upcoming`, `messages`, `waiting` (calls that are unread, or whose callers have gone), `load`
    (its pace, and requests beside it), `beside` (two variants at a time), `tools`, `finish` (an end
    before the time, with a recording that is kept).
    """

    engine: str
    can: tuple[str, ...]
    lacks: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """Give what a page is told."""
        return {"engine": self.engine, "can": list(self.can)}


SIMULATED = Abilities(
    engine="simulated",
    can=(
        *("pause", "speed", "step", "rewind", "upcoming", "messages", "waiting", "load"),
        *("beside", "tools"),
    ),
    lacks=("MemoryLimit",),
)
"""A simulated host has no memory to run out of."""
CONTAINERS = Abilities(
    engine="on containers",
    can=("load", "finish"),
    lacks=("RefuseNew", "Unanswered"),
)
"""Time is the machine's own, and Toxiproxy treats live and new connections alike."""
