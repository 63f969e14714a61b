"""The topology as a drawing: boxes and arrows on a grid, to the right or downwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from harness.model.fault import Setting
from harness.model.lab import CLIENT, Lab, Link, Redis, Service
from harness.report.text import cut, hits, load_rate, role

WIDTH = 184.0
LINE = 17.0
GAP = 70.0
ASIDE = 30.0
EDGE = 2.0
TIP = 2.0
BESIDE = 10.0
LETTERS = 26
"""As many letters as fit into a line of a box for certain."""


class Point(NamedTuple):
    """A place in the drawing, in its own units."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A service or the load: its upper left corner, and lines of text that fit in."""

    at: Point
    width: float = WIDTH
    height: float
    name: str
    role: str
    lines: tuple[str, ...]
    hit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A link as a cubic curve, as SVG writes it, and the place for what hits it."""

    path: str
    middle: Point
    hit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All of it, and the same in words."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    words: str


def draw(lab: Lab, *, downwards: bool = False) -> Drawing:
    """Place a lab's services by their distance from the load, level by level."""
    levels = _levels(lab)
    texts = {node.name: _lines(_settings(node)) for node in lab.nodes()}
    texts[CLIENT] = _lines(_values(lab))
    lines = max(len(lines) for lines in texts.values()) + bool(lab.faults)
    height = LINE * (lines + 2)
    grid = _Grid(levels=levels, height=height, downwards=downwards)
    roles = {node.name: role(node) for node in lab.nodes()} | {CLIENT: "load"}
    boxes = [
        Box(
            at=grid.corner(name),
            height=height,
            name=cut(name, max(8, LETTERS - 6 - len(roles[name]))),
            role=roles[name],
            lines=texts[name],
            hit=_told(hits(lab, name)),
        )
        for level in levels
        for name in level
    ]
    arrows = [
        Arrow(path=path, middle=middle, hit=_told(hits(lab, link.name)))
        for link in _links(lab)
        if grid.has(link)
        for path, middle in [grid.curve(link)]
    ]
    return Drawing(
        width=EDGE + max([box.at.x + WIDTH for box in boxes] + [at.middle.x for at in arrows]),
        height=EDGE + max([box.at.y + height for box in boxes] + [at.middle.y for at in arrows]),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        words=_words(lab),
    )


def astray(lab: Lab) -> list[str]:
    """Say which faults hit a place that the lab does not have."""
    places = {CLIENT, *(node.name for node in lab.nodes())}
    places |= {link.name for link in _links(lab)}
    targets = dict.fromkeys(lab.folded(timed.fault.target) for timed in lab.faults)
    return [hit for target in targets if target not in places for hit in hits(lab, target)]


class _Grid:
    """Turns levels and places in them into coordinates; what is centred stays centred.

    It reckons along the way from the load and across it; only `_point` knows which way that is.
    """

    def __init__(self, *, levels: Sequence[Sequence[str]], height: float, downwards: bool) -> None:
        self._downwards = downwards
        self._deep, self._broad = (height, WIDTH) if downwards else (WIDTH, height)
        self._depths = {name: depth for depth, level in enumerate(levels) for name in level}
        half = (max(len(level) for level in levels) - 1) / 2
        self._across = {
            name: EDGE + (place - (len(level) - 1) / 2 + half) * (self._broad + ASIDE)
            for level in levels
            for place, name in enumerate(level)
        }

    def has(self, link: Link) -> bool:
        return {link.caller, link.callee} <= self._depths.keys()

    def corner(self, name: str) -> Point:
        return self._point(self._along(name), self._across[name])

    def curve(self, link: Link) -> tuple[str, Point]:
        """Go from far side to near side, or back the other way; within a level, go round."""
        ahead = self._depths[link.callee] - self._depths[link.caller]
        leaves, enters = (1 if ahead >= 0 else -1), (-1 if ahead > 0 else 1)
        reach = GAP * (0.5 if ahead else 0.8)
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


def _levels(lab: Lab) -> list[list[str]]:
    """Sort hosts by how many calls they are from the load; what it never reaches comes first."""
    callees: dict[str, list[str]] = {}
    for link in _links(lab):
        callees.setdefault(link.caller, []).append(link.callee)
    names = [node.name for node in lab.nodes()]
    levels, placed = [[CLIENT]], {CLIENT}
    while True:
        reached = [callee for name in levels[-1] for callee in callees.get(name, ())]
        level = [name for name in dict.fromkeys(reached) if name in names and name not in placed]
        if not level:
            break
        placed.update(level)
        levels.append(level)
    levels[0] += [name for name in names if name not in placed]
    return levels


def _links(lab: Lab) -> Iterator[Link]:
    """Give who calls whom, replicas as one."""
    for name in dict.fromkeys(lab.folded(link.name) for link in lab.links()):
        caller, _, callee = name.partition("->")
        yield Link(caller=caller, callee=callee)


def _told(hits: Sequence[str]) -> str:
    """Say what hits a place in as much room as a box has."""
    if len(hits) > 1:
        return f"{len(hits)} faults, see below"
    return cut(hits[0], LETTERS) if hits else ""


def _values(lab: Lab) -> dict[str, Setting]:
    shown: dict[str, Setting] = {"kind": f"{type(lab.load).__name__}, {load_rate(lab)}"}
    hidden = {"to", "path", "mix", "rate_rps", "keep_answers", "phases", "skew", "start_s", "end_s"}
    for flow in lab.load.flows():
        shown |= {name: value for name, value in asdict(flow).items() if name not in hidden}
    return shown


def _settings(node: Service | Redis) -> Mapping[str, Setting]:
    if isinstance(node, Redis):
        return {"persistent": node.persistent}
    each = {name: " ".join(str(value) for value in values) for name, values in node.each.items()}
    return {**node.settings, **each}


def _lines(values: Mapping[str, Setting]) -> tuple[str, ...]:
    return tuple(
        cut(str(value) if name == "kind" else f"{name} {value}", LETTERS)
        for name, value in values.items()
    )


def _words(lab: Lab) -> str:
    return "; ".join(_sentences(lab))


def _sentences(lab: Lab) -> Iterator[str]:
    for link in _links(lab):
        yield " ".join([f"{link.caller} calls {link.callee}", *hits(lab, link.name)])
    for node in lab.nodes():
        yield from (f"{node.name} is hit: {hit}" for hit in hits(lab, node.name))
