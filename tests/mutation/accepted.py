"""Survivors that are accepted, each with the reason why no test can or should tell it apart.

An entry whose mutant is killed, or is no longer there, is told, so that the list stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One mutant by its module, function and lines, as a survivor is reported, and the reason."""

    path: str
    within: str
    old: str
    new: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a mutant has as its own key."""
        return self.path, self.within, self.old, self.new


ACCEPTED: Sequence[Accepted] = ()
