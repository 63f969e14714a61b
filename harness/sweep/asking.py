"""From what a person asks to what is swept: the lab's own map where nothing else is said."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from harness import assignments, fault_assignments
from harness.catalogue import Entry
from harness.errors import LabError
from harness.model.expect import Bound
from harness.model.lab import Lab
from harness.model.sweep_map import Boundary, Curve, SweepMap
from harness.model.variant import Broken, Fixed, Variant
from harness.sweep.axes import Axis, Span, Value, assignment, axis, span
from harness.sweep.bounds import bound
from harness.sweep.bounds import said as bound_said
from harness.sweep.cells import changed
from harness.sweep.grid import Cell, Grid, Line, Place, Swept
from harness.sweep.measures import HOLDS, VERDICT, Looked, looked, named_map, own_map, own_measure

MOST_AXES = 2
SEARCH_SEEDS = 20
GRID_SEEDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person has asked for, as it was typed; "" and nothing stand for what is usual."""

    slug: str
    vary: tuple[str, ...] = ()
    find: str = ""
    variant: str = ""
    settings: tuple[str, ...] = ()
    measure: str = ""
    until: str = ""
    seeds: tuple[int, ...] = ()
    map_name: str = ""

    @property
    def own(self) -> str:
        """What the lab's map looks at, as `--measure` takes it."""
        return own_measure(self.map_name or named_map(self.measure))

    def declared(self, entry: Entry) -> SweepMap | None:
        """Give the lab's map of that name, or its first one, if it has one."""
        return own_map(entry, named_map(self.own))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked at and how it is judged, of a lab with what is set."""

    entry: Entry
    variant: str
    settings: tuple[str, ...]
    measure: str
    looked: Looked
    holds: Bound | None
    until: str
    said: tuple[str, str]
    seeds: tuple[int, ...]
    declared: SweepMap | None
    own: str
    """What the lab's map looks at, as `--measure` takes it."""

    def grid(self, axes: Sequence[Axis]) -> Grid:
        """Give the runs over some axes."""
        return Grid(
            slug=self.entry.slug,
            variant=self.variant,
            settings=self.settings,
            axes=tuple(axes),
            seeds=self.seeds,
            measure=self.measure,
        )


def grid_of(wanted: Wanted, entry: Entry) -> tuple[Asked, Grid]:
    """Make a grid of what a person asks for, every cell of it tried on the lab.

    Raises:
        LabError: it makes no sense; the message says what to write instead.

    """
    declared = wanted.declared(entry)
    written = wanted.vary or (declared.vary if declared else ())
    if not written:
        raise LabError(
            f"{entry.slug} has no map of its own: say what to vary, as in --vary "
            f"{_example(entry, wanted.variant)}"
        )
    if len(written) > MOST_AXES:
        raise LabError(f"--vary: {len(written)} settings; one or two can be drawn, --set the rest")
    axes = [axis(text) for text in written]
    if len({one.name for one in axes}) < len(axes):
        raise LabError(f"--vary: {axes[0].name} is there twice")
    _refuse_set_twice([one.name for one in axes], wanted.settings)
    asked = _asked(wanted, entry, declared)
    grid = asked.grid(axes)
    grid.refuse_too_many()
    swept(asked, grid, {})  # What is wrong with a map's lines is told before anything runs.
    return asked, grid


def span_of(wanted: Wanted, entry: Entry) -> tuple[Asked, Span]:
    """Make a search of what a person asks for.

    Raises:
        LabError: it makes no sense.

    """
    found = span(wanted.find)
    _refuse_set_twice([found.name], wanted.settings)
    asked = _asked(wanted, entry, wanted.declared(entry))
    if asked.holds is None:
        raise LabError(
            f"--find: say what {asked.looked.name} must be, as in --until '<=0.9', or leave "
            "--measure out to have all claims hold"
        )
    for value in (found.low, found.high):
        changed(entry, asked.variant, (*asked.settings, assignment(found.name, value)))
    return asked, found


def swept(asked: Asked, grid: Grid, cells: Mapping[Place, Cell]) -> Swept:
    """Put what was found together with what theory says, and the lab's own point."""
    entry = changed(asked.entry, asked.variant, asked.settings)
    numbers = own_numbers(entry.lab, entry.lab.variant(asked.variant))
    declared = asked.declared
    fits = declared and asked.measure == asked.own
    title = declared.title if declared and fits else asked.looked.name
    return Swept(
        grid=grid,
        title=title,
        looked=asked.looked,
        cells=cells,
        holds=asked.holds,
        said=asked.said,
        until=asked.until,
        lines=_lines(asked, grid, numbers),
        own=tuple(_own_value(numbers, one) for one in grid.axes),
    )


def own_numbers(lab: Lab, variant: Variant) -> dict[str, float]:
    """Give a variant's own settings, load and faults that are numbers, by the names of `--set`."""
    found: dict[str, object] = {**fault_assignments.values(fault_assignments.met(lab, variant))}
    for service in lab.under(variant):
        found |= {f"{service.name}.{name}": value for name, value in service.settings.items()}
    flows = (variant.load or lab.load).flows()
    for place, flow in enumerate(flows, 1):
        prefix = assignments.LOAD if len(flows) == 1 else f"{assignments.LOAD}{place}."
        found |= {f"{prefix}{name}": value for name, value in asdict(flow).items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _asked(wanted: Wanted, entry: Entry, declared: SweepMap | None) -> Asked:
    is_own = _is_own(wanted, declared)
    variant = _variant(wanted, entry, declared if is_own else None)
    text = wanted.measure or (wanted.own if is_own else VERDICT)
    settings = _settings(wanted, declared if is_own else None)
    whole = changed(entry, variant, settings)
    at = looked(whole, variant, text)
    until = wanted.until or (declared.until if declared and text == wanted.own else "")
    if until and at.is_verdict:
        raise LabError("--until: all claims hold or they do not; name a --measure with it")
    holds = bound(until) if until else Bound(at_least=HOLDS) if at.is_verdict else None
    usual = SEARCH_SEEDS if wanted.find else declared.seeds if declared and is_own else GRID_SEEDS
    return Asked(
        entry=entry,
        variant=variant,
        settings=settings,
        measure=text,
        looked=at,
        holds=holds,
        until=until,
        said=_said(at, declared if text == wanted.own else None, until, entry.lab.kind_of(variant)),
        seeds=wanted.seeds or tuple(range(1, 1 + usual)),
        declared=declared,
        own=wanted.own,
    )


def _settings(wanted: Wanted, declared: SweepMap | None) -> tuple[str, ...]:
    """Give what a map sets, unless the person sets or varies it, and then what they set."""
    asked = {text.partition("=")[0] for text in (*wanted.vary, *wanted.settings, wanted.find)}
    own = declared.settings if declared else ()
    return (*(one for one in own if one.partition("=")[0] not in asked), *wanted.settings)


def _is_own(wanted: Wanted, declared: SweepMap | None) -> bool:
    """Whether it is the lab's map that is asked for, perhaps over other values."""
    if declared is None or (wanted.find and not wanted.map_name):
        return False
    return wanted.measure in ("", wanted.own) and wanted.variant in ("", declared.variant)


def _said(
    at: Looked, declared: SweepMap | None, until: str, kind: type[Variant]
) -> tuple[str, str]:
    """Say what holding means, and what it means not to hold."""
    if declared and until == declared.until:
        return declared.holds, declared.fails
    if at.is_verdict and issubclass(kind, Broken):
        return "breaks as claimed", "does not break as claimed"
    if at.is_verdict:
        return "all claims hold", "a claim does not hold"
    return f"{bound_said(until)}", f"not {bound_said(until)}"


def _variant(wanted: Wanted, entry: Entry, declared: SweepMap | None) -> str:
    """Give the variant that is swept: of a search what must hold, of a map what breaks.

    Of several, the first that has the setting; in another, it may have no effect.
    """
    if wanted.variant:
        (chosen,) = assignments.chosen(entry, [wanted.variant])
        return chosen.name
    if declared:
        return declared.variant
    first = Fixed if wanted.find else Broken
    every: list[Variant] = list(entry.lab.variants)
    fitting = [one for one in every if isinstance(one, first)] or every
    swept = {text.partition("=")[0] for text in (*wanted.vary, wanted.find)}
    having = [one for one in fitting if swept & one.settings.keys()]
    name: str = [*having, *fitting][0].name
    return name


def _refuse_set_twice(names: Sequence[str], settings: Sequence[str]) -> None:
    for setting in settings:
        if setting.partition("=")[0] in names:
            raise LabError(f"--set {setting}: it is swept already; leave --set out")


def _lines(asked: Asked, grid: Grid, numbers: Mapping[str, float]) -> tuple[Line, ...]:
    """Draw what theory says, where the axes are those that the lab's map has."""
    declared, names = asked.declared, [one.name for one in grid.axes]
    if (
        declared is None
        or names != [text.partition("=")[0] for text in declared.vary]
        or grid.variant != declared.variant
        or not all(one.is_numeric for one in grid.axes)
    ):
        return ()

    def line(one: Boundary | Curve, *, decisive: bool = False) -> Line:
        across = (float(value) for value in grid.axes[0].values)
        try:
            values = tuple(one.of(value, {**numbers, names[0]: value}) for value in across)
        except KeyError as error:
            raise LabError(
                f"maps.py: {one.name!r} needs {error.args[0]}, which {grid.slug} does not have as "
                f"a number; there are {', '.join(sorted(numbers))}"
            ) from error
        return Line(name=one.name, source=one.source, values=values, decisive=decisive)

    if len(names) < MOST_AXES:
        return tuple(map(line, declared.curves)) if asked.measure == asked.own else ()
    return tuple(line(one, decisive=one.decisive) for one in declared.boundaries)


def _own_value(numbers: Mapping[str, float], one: Axis) -> Value | None:
    value = numbers.get(one.name, math.nan)
    if not one.is_numeric or math.isnan(value):
        return None
    least, most = float(one.values[0]), float(one.values[-1])
    return value if min(least, most) <= value <= max(least, most) else None


def _example(entry: Entry, variant: str) -> str:
    """Give an axis that the lab has, to be typed."""
    own = own_numbers(entry.lab, entry.lab.variant(variant or entry.lab.variants[0].name))
    settings = (one for one in own if not one.startswith(fault_assignments.FAULT))
    name = next(settings, "load.rate_rps")
    value = own.get(name, 10)
    return f"{name}={value / 2:g},{value:g},{2 * value:g}"
