"""Where boxes and arrows of a topology go: levels side by side, to the right or downwards."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.model.lab import Link

GAP = 70.0
ASIDE = 30.0
EDGE = 2.0
TIP = 2.0
BESIDE = 10.0
BULGE = 0.45
"""How far a link within a level goes round, in gaps, and as much again for each box passed."""


class Point(NamedTuple):
    """A place in the drawing, in its own units."""

    x: float
    y: float


class Grid:
    """Turns levels and places in them into coordinates; what is centred stays centred.

    It reckons along the way from the load and across it; only `_point` knows which way that is.
    """

    def __init__(
        self, *, levels: Sequence[Sequence[str]], width: float, height: float, downwards: bool
    ) -> None:
        self._downwards = downwards
        self._deep, self._broad = (height, width) if downwards else (width, height)
        self._depths = {name: depth for depth, level in enumerate(levels) for name in level}
        self._places = {name: place for level in levels for place, name in enumerate(level)}
        half = (max(len(level) for level in levels) - 1) / 2
        self._across = {
            name: EDGE + (place - (len(level) - 1) / 2 + half) * (self._broad + ASIDE)
            for level in levels
            for place, name in enumerate(level)
        }

    def has(self, link: Link) -> bool:
        """Whether both ends of a link are drawn."""
        return {link.caller, link.callee} <= self._depths.keys()

    def is_level(self, link: Link) -> bool:
        """Whether both ends are equally far from the load."""
        return self._depths[link.caller] == self._depths[link.callee]

    def corner(self, name: str) -> Point:
        """Give the upper left corner of a box."""
        return self._point(self._along(name), self._across[name])

    def curve(self, link: Link) -> tuple[str, Point]:
        """Go from far side to near side, or back the other way; within a level, go round."""
        ahead = self._depths[link.callee] - self._depths[link.caller]
        passed = abs(self._places[link.callee] - self._places[link.caller])
        leaves, enters = (1 if ahead >= 0 else -1), (-1 if ahead > 0 else 1)
        reach = GAP * (0.5 if ahead else BULGE * (1 + passed))
        shift = BESIDE if ahead < 0 else 0.0
        start = self._port(link.caller, leaves, 0, shift)
        first = self._port(link.caller, leaves, reach, shift)
        second = self._port(link.callee, enters, reach, shift)
        end = self._port(link.callee, enters, TIP, shift)
        curve = " ".join(f"{point.x:g},{point.y:g}" for point in (first, second, end))
        middle = Point(
            (start.x + 3 * first.x + 3 * second.x + end.x) / 8,
            (start.y + 3 * first.y + 3 * second.y + end.y) / 8,
        )
        return f"M{start.x:g},{start.y:g} C{curve}", middle

    def _port(self, name: str, side: int, off: float, shift: float) -> Point:
        """Give a place off the middle of a box's far (1) or near (-1) side."""
        along = self._along(name) + (self._deep + off if side > 0 else -off)
        return self._point(along, self._across[name] + self._broad / 2 + shift)

    def _along(self, name: str) -> float:
        return EDGE + self._depths[name] * (self._deep + GAP)

    def _point(self, along: float, across: float) -> Point:
        return Point(across, along) if self._downwards else Point(along, across)
