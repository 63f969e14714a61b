"""What can be wrong with a lab's faults, steps and distances before it runs, each in one line."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations

from harness.model.fault import Place, Setting, Timed
from harness.model.lab import CLIENT, Lab
from harness.model.validate_places import callable_names, hosted, service_names, stores


def faults(lab: Lab) -> Iterator[str]:
    """Say what is wrong with faults, drawn ones, and steps."""
    place = _place(lab)
    samples = [timed for one in lab.drawn for timed in one.samples()]
    for timed in (*lab.faults, *samples):
        yield from _timed(lab, timed, place, last_s=timed.end_s)
    for drawn in lab.drawn:
        yield from (f"drawn faults: {problem}" for problem in drawn.problems())
    for step in lab.steps:
        if step.stays:
            yield from _timed(lab, step, place, last_s=step.start_s)
        else:
            yield f"{step.fault.name}: a step stays, and this ends; write at({step.start_s:g}, ...)"
    for one, other in combinations((*lab.faults, *samples, *lab.steps), 2):
        shared = one.fault.handles(place) & other.fault.handles(place)
        if shared and _overlap(one, other) and not (one.stays and other.stays):
            where, what = min(shared)
            yield (
                f"{other.fault.name}: overlaps in time with {one.fault.name}, and both hold the "
                f"{what} of {where}; the end of one would undo the other"
            )


def _timed(lab: Lab, timed: Timed, place: Place, *, last_s: float) -> Iterator[str]:
    name, start_s, end_s = timed.fault.name, timed.start_s, timed.end_s
    yield from (f"{name}: {problem}" for problem in timed.fault.misplaced(place))
    yield from (f"{name}: {problem}" for problem in timed.fault.problems())
    if start_s == 0:
        yield f"{name}: begins at 0 s; leave time to see a healthy start"
    yield from (f"{name}: {problem}" for problem in _window(start_s, end_s))
    if last_s > lab.duration_s:
        what = "ends" if last_s == end_s else "is"
        yield f"{name}: {what} at {last_s:g} s, after the run, which lasts {lab.duration_s:g} s"


def _window(start_s: float, end_s: float) -> Iterator[str]:
    if math.isnan(start_s) or math.isnan(end_s):
        yield f"starts at {start_s:g} s and ends at {end_s:g} s. Give during(...) two numbers."
    elif start_s < 0:
        yield f"starts at {start_s:g} s, before the run. Let it start after 0 s."
    elif end_s < start_s:
        yield (
            f"ends ({end_s:g} s) before it starts ({start_s:g} s). "
            "Swap the two numbers in during(...)."
        )
    elif end_s == start_s:
        yield f"starts and ends at {start_s:g} s. Give during(...) a later end."


def distances(lab: Lab) -> Iterator[str]:
    """Say what is wrong with what lies between hosts."""
    names = {*_place(lab).ends, *service_names(lab)}
    for distance in lab.distances:
        yield from (f"{distance.name}: {problem}" for problem in distance.problems(names))
        if not any(covered is distance for _, covered in lab.apart()):
            yield f"{distance.name}: no call covers it"
    links = Counter(link.name for link, _ in lab.apart())
    for name, count in links.items():
        if count > 1:
            yield f"{count} distances lie on {name}; one is enough"


def _place(lab: Lab) -> Place:
    """Give the lab as its faults see it."""
    names = {name for service in lab.services for name in (service.name, *service.hosts())}
    return Place(
        hosts=lab.hosts(),
        stores=stores(lab),
        links=[link.name for link in lab.links()],
        ends={*callable_names(lab), CLIENT},
        behind={name: lab.behind(name) for name in names},
        settings=partial(_misconfigured, lab),
    )


def _misconfigured(lab: Lab, target: str, values: Mapping[str, Setting]) -> Iterator[str]:
    """Say what a change is wrong about, once for all variants that it would hit alike."""
    found: dict[str, None] = {}
    for variant in lab.variants:
        for service in lab.under(variant):
            if target in {service.name, *service.hosts()}:
                found |= dict.fromkeys(hosted(service, values))
    yield from found


def _overlap(one: Timed, other: Timed) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s
