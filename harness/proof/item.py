"""What a proof consists of: what was done to a lab, and who noticed."""

from dataclasses import dataclass
from enum import StrEnum

from services.patterns.guards import Sabotage

Listed = tuple[str, Sabotage]
"""A pattern's name, and one of its sabotages."""


class Way(StrEnum):
    """The ways in which a lab is broken on purpose."""

    TRIGGER = "without what it falls by"
    FIX = "a fix with one setting undone"
    CHEAT = "a service that answers by itself"
    ALIKE = "all variants alike"
    SABOTAGE = "a pattern sabotaged"
    WORD = "without one thing that it says of itself"
    LESSON = "an experiment of the lesson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was done, the claims that noticed, and what is missing where none did."""

    way: Way
    what: str
    noticed: tuple[str, ...] = ()
    missing: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was noticed, as it must be."""
        return not self.missing
