"""A question that a class votes on: its choices, and one vote for each phone."""

from dataclasses import dataclass, field
from typing import Any

from harness.errors import LabError

MOST_PHONES = 500
"""A lecture hall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, as plain text, and what may be answered.

    Raises:
        LabError: there are too few or too many choices, or an empty one.

    """

    question: str
    choices: tuple[str, ...]

    FEWEST, MOST = 2, 12

    def __post_init__(self) -> None:
        if not self.FEWEST <= len(self.choices) <= self.MOST:
            there = f"{self.FEWEST} to {self.MOST}"
            raise LabError(f"a vote has {there} choices; this has {len(self.choices)}")
        if not all(text.strip() for text in (self.question, *self.choices)):
            raise LabError("a question and each of its choices need some text")


@dataclass(slots=True)
class Ballot:
    """The votes on a question: the last of each phone, by its address in the network."""

    asked: Question
    _votes: dict[str, int] = field(default_factory=dict)

    def take(self, phone: str, choice: int) -> bool:
        """Take a phone's vote in place of any that it gave before; say whether it is taken."""
        if not 0 <= choice < len(self.asked.choices):
            return False
        if phone not in self._votes and len(self._votes) >= MOST_PHONES:
            return False
        self._votes[phone] = choice
        return True

    def of(self, phone: str) -> int | None:
        """Give the number of what a phone has chosen."""
        return self._votes.get(phone)

    def counts(self) -> list[int]:
        """Count the votes for each choice."""
        given = list(self._votes.values())
        return [given.count(number) for number in range(len(self.asked.choices))]

    def to_json(self) -> dict[str, Any]:
        """Give the counts, and how many phones have voted."""
        return {"counts": self.counts(), "voted": len(self._votes)}
