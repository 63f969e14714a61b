"""The site's page of predictions: what theory says, what was simulated, what containers did."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment

from harness import catalogue
from harness.held_predictions import Held, every, near
from harness.lessons.figures import said

MIDDLE, BAND, FARTHEST = 60, 40, 1.4
"""Of a strip: where theory is, how far a tolerance reaches, and how many of these are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLab:
    """A lab's predictions."""

    slug: str
    title: str
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The labs of a track, in the catalogue's order."""

    name: str
    labs: tuple[OfLab, ...]

    @property
    def title(self) -> str:
        """The track's name as a heading."""
        return self.name.capitalize()

    @property
    def count(self) -> int:
        """How many predictions its labs make."""
        return sum(len(lab.held) for lab in self.labs)


def render(templates: Environment) -> str:
    """Render the page."""
    held = every()
    return templates.get_template("predictions.html").render(
        total=len(held), near=near(held), tracks=tuple(_tracks(held)), said=said, place=place
    )


def place(held: Held, value: float) -> float | None:
    """Give where in its strip a value stands; what is far beyond the band, at the end.

    None where nothing was seen.
    """
    difference = value - held.prediction.equals
    if math.isnan(difference):
        return None
    if not difference:
        return MIDDLE
    tolerances = difference / held.tolerance if held.tolerance else math.copysign(9, difference)
    return round(MIDDLE + BAND * max(-FARTHEST, min(FARTHEST, tolerances)), 1)


def _tracks(held: Sequence[Held]) -> Iterator[Track]:
    of_labs = []
    for slug, group in groupby(held, key=lambda one: one.lab):
        title = catalogue.find(slug).lab.title
        of_labs.append(OfLab(slug=slug, title=title, held=tuple(group)))
    for name, labs in groupby(of_labs, key=lambda one: catalogue.find(one.slug).track):
        yield Track(name=name, labs=tuple(labs))
