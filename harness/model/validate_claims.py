"""What can be wrong with a lab's claims, predictions and plots before it runs, each in one line."""

import math
from collections.abc import Collection, Iterator

from harness.model.across import Across
from harness.model.expect import Expectation, Prediction, Reads
from harness.model.lab import CLIENT, Lab
from harness.model.names import nearest
from harness.model.variant import Measured

MODEL_LIMIT = 0.25
"""A theory that leaves out more than this share of its figure is not one that predicts it."""
TOLERANCE_LIMIT = 0.5
"""A tolerance of more than this share of the figure accepts what is no such figure."""
SEEDS = range(1, 33)
FEWEST_COMPARED = 2
SAMPLES = (1.0, 1000.0)
"""Values of variants that are alike, by which a comparison is tried."""


def claims(lab: Lab) -> Iterator[str]:
    """Say what is wrong with what a lab claims, predicts and plots."""
    names = [variant.name for variant in lab.variants]
    breaks = any(not isinstance(variant, Measured) for variant in lab.variants)
    if breaks and not any(item.is_baseline for item in lab.expect):
        yield (
            "no baseline(...) in expect=; add one that shows the system healthy before the fault, "
            "for without it a run proves nothing"
        )
    for item in lab.expect:
        yield from (f"{item.claim!r} {problem}" for problem in _claim(lab, item, names))
    for figure in lab.predict:
        yield from (f"{figure.name!r} {problem}" for problem in _prediction(figure, names))
    yield from _reads(lab)
    for compared in lab.across:
        yield from (f"{compared.claim!r} {problem}" for problem in _across(compared, names))
    told = {name for item in lab.expect if not item.noted for name in item.variants}
    told |= {name for item in lab.across for name in item.variants}
    measured = {one.name for one in lab.variants if isinstance(one, Measured)}
    told |= measured & {figure.on for figure in lab.predict}
    for silent in (name for name in names if name not in told):
        yield f'variant {silent} has no claim, so it cannot fail; add on("{silent}", ...) to it'


def _claim(lab: Lab, item: Expectation, names: Collection[str]) -> Iterator[str]:
    yield from _unknown((*item.variants, *item.unlike), names)
    if not item.is_baseline and not item.variants:
        yield "is about no variant; name one"
    if math.isinf(item.bound.at_least) and math.isinf(item.bound.at_most):
        yield "has no bound, so it cannot fail; give at_least= or at_most="
    kinds = {type(one).__name__.lower() for one in lab.variants if one.name in item.variants}
    if not item.noted and len(kinds) > 1:
        together = " and ".join(sorted(kinds))
        yield f"is about {together} variants; write one claim for each kind, or noted(...)"
    for name in (one for one in item.unlike if one in item.variants):
        yield f"cannot be true and false of {name}; take it out of unlike="


def _across(item: Across, names: Collection[str]) -> Iterator[str]:
    yield from _unknown(item.variants, names)
    if len(set(item.variants)) < FEWEST_COMPARED or len(set(item.variants)) < len(item.variants):
        yield "compares variants with themselves; name two or more, each once"
    if math.isinf(item.bound.at_least) and math.isinf(item.bound.at_most):
        yield "has no bound, so it cannot fail; give at_least= or at_most="
    if item.least_allowed == math.inf:
        if any(item.bound.holds(item.of_alike([value] * len(item.variants))) for value in SAMPLES):
            yield f"holds of variants that are all alike: {item.bound} compares nothing"
        return
    if item.least_allowed <= 0:
        yield "allows no distance from theory; say what it leaves out (model=), or what is chance"
    if not 0 <= item.model <= MODEL_LIMIT:
        yield f"leaves out {item.model:g} of its figure; a model may leave out 0 to {MODEL_LIMIT:g}"
    if item.model and not item.leaves_out:
        yield "has a model tolerance; say in leaves_out= what the theory leaves out"


def _prediction(item: Prediction, names: Collection[str]) -> Iterator[str]:
    yield from _unknown((item.on, *item.also), names)
    if item.on in item.also:
        yield f"is on {item.on} already; also= is for other variants"
    for name, reason in item.also.items():
        if not reason:
            yield f"does not say why it is also true of {name}; also= gives a reason for each"
    if not math.isfinite(item.equals):
        yield f"equals {item.equals:g}; it must be a finite number"
        return
    if not 0 <= item.model <= MODEL_LIMIT:
        yield f"leaves out {item.model:g} of its figure; a model may leave out 0 to {MODEL_LIMIT:g}"
    if item.model and not item.leaves_out:
        yield "has a model tolerance; say in leaves_out= what the theory leaves out"
    if not 0 <= item.chance < math.inf:
        yield f"has a chance of {item.chance:g}; it is a standard deviation, 0 or more"
        return
    if item.seeds not in SEEDS:
        yield f"is the mean of {item.seeds} seeds; it may be {SEEDS[0]} to {SEEDS[-1]}"
        return
    bound = item.bound_of(item.seeds)
    if item.equals and bound.at_most - item.equals > TOLERANCE_LIMIT * abs(item.equals):
        yield (
            f"accepts {bound}, more than half of its figure either way; average over more seeds "
            "(seeds=), or measure for longer"
        )


def _unknown(used: Collection[str], names: Collection[str]) -> Iterator[str]:
    for name in used:
        if name not in names:
            close = nearest(name, names)
            yield f"is about {name!r}, which is not one of {', '.join(sorted(names))}{close}"


def _reads(lab: Lab) -> Iterator[str]:
    """Hold what measures and plots look at against the lab."""
    measured: dict[str, Reads] = {}
    measures = [item.measure for item in lab.expect]
    measures += [figure.measure for figure in lab.predict]
    measures += [compared.measure for compared in lab.across]
    measures += [end.measure for end in (lab.reading.line.ends if lab.reading.line else ())]
    measures += [choice.measure for item in lab.reading.questions for choice in item.choices]
    for measure in measures:
        measured[measure.name] = measure.reads
    for plot in lab.plots:
        measured[f"plot {plot.title!r}"] = plot.reads
    for name, reads in measured.items():
        yield from (f"{name}: {problem}" for problem in _lacking(lab, reads))


def _lacking(lab: Lab, reads: Reads) -> Iterator[str]:
    if reads.window and 0 < lab.duration_s < math.inf:
        yield from _outside(reads.window, lab.duration_s)
    called = {link.callee for link in lab.links() if link.caller != CLIENT}
    for callee in reads.callees:
        if callee not in called:
            close = nearest(callee, called)
            yield f"no service calls {callee!r}; called are {_list(called)}{close}"
    there = {*called, *lab.hosts(), *(service.name for service in lab.services)}
    for host in reads.hosts:
        if host not in there:
            yield f"{host!r} is not one of {_list(there)}{nearest(host, there)}"
    sent = {kind.path for flow in lab.load.flows() for kind in flow.sends()}
    for path in reads.paths:
        if not any(_asks_for(template, path) for template in sent):
            yield f"the load asks for no path {path!r}, only for {_list(sent)}{nearest(path, sent)}"
    if reads.answers and not lab.load.keeps_answers():
        yield "it reads answers, which the load does not keep; give it keep_answers=True"


def _outside(window: tuple[float, float], duration_s: float) -> Iterator[str]:
    start_s, end_s = window
    if not 0 <= start_s < end_s:
        yield f"{start_s:g}-{end_s:g} s is an empty window"
    elif start_s >= duration_s or (end_s > duration_s and not math.isinf(end_s)):
        yield f"{start_s:g}-{end_s:g} s is not within the run, which lasts {duration_s:g} s"


def _asks_for(template: str, path: str) -> bool:
    """Say whether a path that a load fills in can begin with another one."""
    literal, place, _ = template.partition("{")
    return literal.startswith(path) or (bool(place) and path.startswith(literal))


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
