"""Mutants of the kernel that a review has made by hand, and that no test of then has found out.

They are tried beside those that are drawn, so that no test of them is lost again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A text that stands once in a module, and what is put in its place."""

    path: str
    old: str
    new: str

    def mutant(self) -> Mutant:
        """Make the mutant.

        Raises:
            ValueError: the text does not stand there just once.

        """
        source = (ROOT / self.path).read_text()
        if source.count(self.old) != 1:
            raise ValueError(
                f"{self.path}: {self.old!r} stands there {source.count(self.old)} times"
            )
        line = source[: source.index(self.old)].count("\n") + 1
        changed = source.replace(self.old, self.new)
        return Mutant(
            path=self.path,
            line=line,
            within="",
            kind="named",
            old=self.old,
            new=self.new,
            source=changed,
        )


NAMED: Sequence[Named] = (
    Named(
        path="harness/engines/sim/loop.py",
        old="self._ready.extendleft(reversed(_taken(process.held)))",
        new="self._ready.extendleft(_taken(process.held))",
    ),
    Named(
        path="harness/engines/sim/link.py",
        old="            retry_s = SYN_RETRY_S\n            down",
        new="            down",
    ),
    Named(
        path="harness/engines/sim/endpoint.py",
        old="if self._ended and not self._received:",
        new="if self._ended:",
    ),
    Named(
        path="harness/engines/sim/toxics.py",
        old="if end - start - average <= variation:",
        new="if end - start - average < variation:",
    ),
)


def named() -> list[Mutant]:
    """Give them all."""
    return [one.mutant() for one in NAMED]
