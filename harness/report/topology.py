"""The topology as a drawing: boxes and arrows on a grid, to the right or downwards.

Replicas are one box, unless a fault hits some of them and not others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from harness.model.fault import Setting, Timed
from harness.model.lab import CLIENT, Lab, Link, Redis, Service
from harness.report.grid import EDGE, Grid, Point
from harness.report.lettering import fitted, width, wrapped
from harness.report.text import between, load_rate, role, when

NARROW, WIDE = 150.0, 250.0
"""How wide boxes are, by the longest line in any of them."""
PAD = 12.0
LINE = 17.0
SIZE = 12.0
NAME_SIZE = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A service, a host or the load: its upper left corner, and lines of text that fit in."""

    at: Point
    width: float
    height: float
    name: str
    role: str
    lines: tuple[str, ...]
    hits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A link as a cubic curve, as SVG writes it, and the place for the mark of what hits it."""

    path: str
    middle: Point
    hit: str
    both_ways: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All of it, and the same in words."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What gets a box: its name, what it is, its settings, and what hits it."""

    name: str
    role: str
    values: Mapping[str, Setting]
    hits: tuple[str, ...]


def draw(lab: Lab, *, downwards: bool = False) -> Drawing:
    """Place a lab's services by their distance from the load, level by level."""
    shape = _Shape(lab)
    nodes = {node.name: node for node in shape.nodes()}
    levels = _levels(nodes, shape.links())
    box = _width(nodes.values())
    texts = {name: _lines(node.values, box) for name, node in nodes.items()}
    struck = {name: _struck(node.hits, box) for name, node in nodes.items()}
    height = LINE * (2 + max(len(texts[name]) + len(struck[name]) for name in nodes))
    grid = Grid(levels=levels, width=box, height=height, downwards=downwards)
    boxes = [
        Box(
            at=grid.corner(name),
            width=box,
            height=height,
            name=_headed(nodes[name], box)[0],
            role=_headed(nodes[name], box)[1],
            lines=texts[name],
            hits=struck[name],
        )
        for level in levels
        for name in level
    ]
    arrows = [
        Arrow(path=path, middle=middle, hit="; ".join(hits), both_ways=both_ways)
        for link, hits, both_ways in _paired(shape, grid)
        for path, middle in [grid.curve(link)]
    ]
    return Drawing(
        width=EDGE + max([one.at.x + box for one in boxes] + [at.middle.x for at in arrows]),
        height=EDGE + max([one.at.y + height for one in boxes] + [at.middle.y for at in arrows]),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        words="; ".join(_sentences(nodes.values(), shape)),
    )


def told(lab: Lab) -> list[str]:
    """Say every fault of a lab and when, as it is told beside the drawing."""
    return [said for said, _ in _struck_places(lab, [link.name for link in lab.links()])]


def astray(lab: Lab) -> list[str]:
    """Say which faults hit a place that the lab does not have."""
    links = [link.name for link in lab.links()]
    there = {CLIENT, *lab.hosts(), *(node.name for node in lab.nodes()), *links}
    return [when(timed) for timed in lab.faults if not there.issuperset(timed.fault.places(links))]


class _Shape:
    """A lab's places with replicas folded into one, where that hides nothing of the faults."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._every = [link.name for link in lab.links()]
        self._struck = list(_struck_places(lab, self._every))
        self._apart = set(self._told_apart())

    def nodes(self) -> Iterator[Node]:
        """Give what gets a box, the load first."""
        yield Node(name=CLIENT, role="load", values=_load(self._lab), hits=tuple(self.hits(CLIENT)))
        for node in self._lab.nodes():
            if node.name in self._apart and isinstance(node, Service):
                for host, service in node.placed().items():
                    kind = role(service).partition(" x ")[0]
                    yield Node(
                        name=host, role=kind, values=service.settings, hits=tuple(self.hits(host))
                    )
            else:
                values = _settings(node)
                hits = tuple(self.hits(node.name))
                yield Node(name=node.name, role=role(node), values=values, hits=hits)

    def links(self) -> list[Link]:
        """Give who calls whom."""
        names = dict.fromkeys(name for link in self._every for name in self._drawn(link))
        split = (name.partition("->") for name in names)
        return [Link(caller=caller, callee=callee) for caller, _, callee in split]

    def hits(self, place: str) -> list[str]:
        """Say what is done to a place as it is drawn."""
        return list(
            dict.fromkeys(
                said
                for said, struck in self._struck
                if any(place in self._drawn(one) for one in struck)
            )
        )

    def _drawn(self, place: str) -> list[str]:
        """Give the places that stand for one: a link to a service that is apart is one to each."""
        caller, arrow, callee = place.partition("->")
        if not arrow:
            return self._ends(caller)
        return [f"{one}->{other}" for one in self._ends(caller) for other in self._ends(callee)]

    def _ends(self, name: str) -> list[str]:
        if name in self._apart:
            return list(self._lab.behind(name))
        folded = self._lab.folded(name)
        return [name if folded in self._apart else folded]

    def _told_apart(self) -> Iterator[str]:
        """Name the services some of whose hosts or links are hit in a way that others are not."""
        members: dict[str, set[str]] = {}
        for one in (*self._lab.hosts(), *self._every):
            members.setdefault(self._lab.folded(one), set()).add(one)
        for _, hit in self._struck:
            for folded, all_of in members.items():
                if hit & all_of and not (all_of <= hit or folded in hit):
                    yield from folded.split("->")


def _paired(shape: _Shape, grid: Grid) -> Iterator[tuple[Link, list[str], bool]]:
    """Give each link that is drawn with what hits it; two that go round alike are one."""
    links = {link.name: link for link in shape.links() if grid.has(link)}
    done: set[str] = set()
    for name, link in links.items():
        back = Link(caller=link.callee, callee=link.caller).name
        alike = back in links and grid.is_level(link) and shape.hits(back) == shape.hits(name)
        if not (alike and back in done):
            yield link, shape.hits(name), alike
        done.add(name)


def _struck_places(lab: Lab, links: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    """Say each fault and what it hits; the same one on several replicas at about one time once."""
    alike: dict[str, list[Timed]] = {}
    for timed in lab.faults:
        alike.setdefault(timed.said, []).append(timed)
    for said, group in alike.items():
        start_s, end_s = max(one.start_s for one in group), min(one.end_s for one in group)
        together = [group] if start_s < end_s else [[one] for one in group]
        for some in together:
            times = between(min(one.start_s for one in some), max(one.end_s for one in some))
            yield f"{said}, {times}", {place for one in some for place in one.fault.places(links)}


def _levels(nodes: Mapping[str, Node], links: Sequence[Link]) -> list[list[str]]:
    """Sort nodes by how many calls they are from the load; what it never reaches comes first."""
    callees: dict[str, list[str]] = {}
    for link in links:
        callees.setdefault(link.caller, []).append(link.callee)
    levels, placed = [[CLIENT]], {CLIENT}
    while True:
        reached = [callee for name in levels[-1] for callee in callees.get(name, ())]
        level = [name for name in dict.fromkeys(reached) if name in nodes and name not in placed]
        if not level:
            break
        placed.update(level)
        levels.append(level)
    levels[0] += [name for name in nodes if name not in placed]
    return levels


def _width(nodes: Iterable[Node]) -> float:
    """Give how wide boxes are: as their longest line needs, within limits."""
    needed = [NARROW]
    for node in nodes:
        head = width(f"{node.name} ", NAME_SIZE, bold=True) + width(node.role, SIZE)
        needed.append(2 * PAD + head)
        needed += [2 * PAD + width(line, SIZE) for line in _written(node.values)]
        needed += [2 * PAD + width(f"✗ {hit}", SIZE, bold=True) for hit in node.hits]
    return min(WIDE, max(needed))


def _headed(node: Node, box: float) -> tuple[str, str]:
    """Give a node's name and what it is, the latter as far as there is room."""
    room = box - 2 * PAD
    name = fitted(node.name, room, NAME_SIZE, bold=True)
    return name, fitted(node.role, room - width(f"{name} ", NAME_SIZE, bold=True), SIZE)


def _lines(values: Mapping[str, Setting], box: float) -> tuple[str, ...]:
    return tuple(line for text in _written(values) for line in wrapped(text, box - 2 * PAD, SIZE))


def _struck(hits: Sequence[str], box: float) -> tuple[str, ...]:
    return tuple(
        line for hit in hits for line in wrapped(f"✗ {hit}", box - 2 * PAD, SIZE, bold=True)
    )


def _written(values: Mapping[str, Setting]) -> Iterator[str]:
    for name, value in values.items():
        yield str(value) if name == "kind" else f"{name} {value}"


def _load(lab: Lab) -> dict[str, Setting]:
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


def _sentences(nodes: Iterable[Node], shape: _Shape) -> Iterator[str]:
    for link in shape.links():
        yield " ".join([f"{link.caller} calls {link.callee}", *shape.hits(link.name)])
    for node in nodes:
        yield from (f"{node.name} is hit: {hit}" for hit in node.hits)
