"""How a load's rate goes up and down: surges and ramps, and the time at which so much has come."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """`times` as many arrivals from `start_s` to `end_s`, and then as many as before."""

    start_s: float
    end_s: float
    times: float

    def pieces(self, level: float) -> tuple["Piece", "Piece"]:
        """Give its own piece of the curve and where it goes on, for a level before it."""
        own = Piece(self.start_s, level * self.times, level * self.times)
        return own, Piece(self.end_s, level, level)

    def told(self) -> str:
        """Say it in a word or two."""
        return f"load x {self.times:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A rate that goes evenly to `times` itself from `start_s` to `end_s`, and stays there."""

    start_s: float
    end_s: float
    times: float

    def pieces(self, level: float) -> tuple["Piece", "Piece"]:
        """Give its own piece of the curve and where it goes on, for a level before it."""
        after = level * self.times
        return Piece(self.start_s, level, after), Piece(self.end_s, after, after)

    def told(self) -> str:
        """Say it in a word or two."""
        return f"load ramps to x {self.times:g}"


Phase = Surge | Ramp
PHASES: dict[str, type[Phase]] = {"Surge": Surge, "Ramp": Ramp}


class Piece(NamedTuple):
    """From a time on the level goes evenly from one value to another, until the next piece."""

    at_s: float
    level: float
    to: float


def problems(phases: Sequence[Phase]) -> Iterator[str]:
    """Say what is wrong with phases, if anything: each by itself, then their order."""
    for phase in phases:
        name = f"{type(phase).__name__} {phase.start_s:g}-{phase.end_s:g} s"
        if not 0 <= phase.start_s < phase.end_s < math.inf:
            yield f"{name}: it must begin at 0 or later, and end after that"
        if not 0 <= phase.times < math.inf:
            yield f"{name}: times is {phase.times:g}; it must be 0 or more"
    for one, other in pairwise(phases):
        if other.start_s < one.end_s:
            yield f"phases must follow one another: {other.start_s:g} s is before {one.end_s:g} s"


class Curve:
    """The level of a load over time, 1 where no phase has changed it and 0 outside its window.

    It maps a steady load's time to that of the changed one: what would have come by `u` seconds at
    level 1 comes when the curve's integral is `u`. So the arrivals of a Poisson process stay one,
    and those of a metronome stay evenly spread.
    """

    def __init__(self, phases: Sequence[Phase], start_s: float, end_s: float) -> None:
        pieces = [Piece(0, 1, 1)]
        for phase in phases:
            pieces += phase.pieces(pieces[-1].to)
        ends = [*(piece.at_s for piece in pieces[1:]), math.inf]
        self._pieces = [
            cut
            for piece, piece_ends_s in zip(pieces, ends, strict=True)
            if (cut := _within(piece, piece_ends_s, start_s, end_s))
        ]
        self.is_steady = not phases and start_s == 0 and end_s == math.inf

    def highest(self, until_s: float) -> float:
        """Give the highest level up to a time."""
        there = [one for one in self._pieces if one[0].at_s < until_s]
        return max((max(piece.level, _level_at(piece, min(ends_s, until_s), ends_s))
                    for piece, ends_s in there), default=0)  # fmt: skip

    def time_of(self, steady_s: float) -> float:
        """Give when so much has come as in `steady_s` seconds at level 1; infinity if never."""
        left = steady_s
        for piece, ends_s in self._pieces:
            here = _area(piece, ends_s)
            if left < here:
                return piece.at_s + _reach(piece, ends_s, left)
            left -= here
        return math.inf


def _within(
    piece: Piece, ends_s: float, start_s: float, end_s: float
) -> tuple[Piece, float] | None:
    """Cut a piece to a window; None if nothing is left of it."""
    first, last = max(piece.at_s, start_s), min(ends_s, end_s)
    if first >= last:
        return None
    level, to = _level_at(piece, first, ends_s), _level_at(piece, last, ends_s)
    return Piece(first, level, to), last


def _level_at(piece: Piece, at_s: float, ends_s: float) -> float:
    if piece.level == piece.to:
        return piece.level
    return piece.level + (piece.to - piece.level) * (at_s - piece.at_s) / (ends_s - piece.at_s)


def _area(piece: Piece, ends_s: float) -> float:
    level = (piece.level + piece.to) / 2
    return level * (ends_s - piece.at_s) if level else 0.0


def _reach(piece: Piece, ends_s: float, area: float) -> float:
    """Give the seconds into a piece in which its area grows to that, which it holds."""
    if piece.level == piece.to:
        return area / piece.level
    slope = (piece.to - piece.level) / (ends_s - piece.at_s)
    # The root of slope/2 t^2 + level t = area in the form that a small slope does not spoil.
    return 2 * area / (piece.level + math.sqrt(max(0.0, piece.level**2 + 2 * slope * area)))
