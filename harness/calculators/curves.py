"""What a formula gives along one argument."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import cast

from harness.calculators.formulas import Calculator
from harness.calculators.inputs import Argument
from harness.calculators.units import Value, said
from harness.errors import LabError

POINTS, ROWS = 61, 7
NO_CURVE = "no curve: it takes lists, and no single number that a curve could go over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value of the argument, and what the formula gives there: a number a line, or a refusal."""

    at: float
    result: Value
    heights: tuple[float, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What a formula gives along an argument whose values are even steps, or even factors."""

    argument: Argument
    unit: str
    points: tuple[Point, ...]

    @property
    def lines(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The points of each line that are finite numbers."""
        count = max((len(point.heights) for point in self.points), default=0)
        return tuple(
            tuple(
                (point.at, point.heights[line])
                for point in self.points
                if line < len(point.heights) and math.isfinite(point.heights[line])
            )
            for line in range(count)
        )

    def rows(self) -> Iterator[tuple[str, str]]:
        """Give some points, evenly spread: the argument's value and the result's, in words."""
        last = len(self.points) - 1
        for number in dict.fromkeys(round(n * last / (ROWS - 1)) for n in range(ROWS)):
            point = self.points[number]
            found = point.refused or said(point.result, self.unit)
            yield said(point.at, self.argument.unit), found

    def share(self, at: float) -> float:
        """Give how far along the argument a value lies: 0 at its first point, 1 at its last."""
        first, last = self.points[0].at, self.points[-1].at
        if last <= first:
            return 0.0
        if self.argument.logarithmic and min(at, first) > 0:
            return math.log(at / first) / math.log(last / first)
        return (at - first) / (last - first)

    @property
    def gaps(self) -> str:
        """Why there is nothing at some points, in one line; empty where there is at all."""
        refused = [point.refused for point in self.points if point.refused]
        return refused[0] if refused else ""


def curve(
    calculator: Calculator,
    values: Mapping[str, Value],
    argument: Argument,
    *,
    points: int = POINTS,
) -> Curve:
    """Compute a formula along an argument, the others as they are."""
    places = [argument.at(number / (points - 1)) for number in range(points)]
    return Curve(
        argument=argument,
        unit=calculator.unit,
        points=tuple(_point(calculator, values, argument, at) for at in dict.fromkeys(places)),
    )


def heights(result: Value) -> tuple[float, ...]:
    """Give the numbers that are drawn of a result: a word by its place among all of its kind."""
    match result:
        case None:
            return ()
        case Enum():
            return (float(list(type(result)).index(result)),)
        case bool() | int() | float():
            return (float(result),)
        case _:
            return tuple(height for one in result for height in heights(one))


def _point(
    calculator: Calculator, values: Mapping[str, Value], argument: Argument, at: Value
) -> Point:
    place = cast("float", at)
    try:
        result = calculator.compute({**values, argument.name: at})
    except LabError as error:
        return Point(at=place, result=None, heights=(), refused=str(error))
    return Point(at=place, result=result, heights=heights(result))


def extent(lines: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float]:
    """Give the lowest and the highest of some lines, 0 among them where that takes little room."""
    found = [height for line in lines for _, height in line]
    low, high = min(found, default=0.0), max(found, default=1.0)
    if low > 0 and low < high / 2:
        low = 0.0
    if high == low:
        low, high = min(0.0, low), max(0.0, high) or 1.0
    return low, high
