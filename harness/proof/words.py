"""Words: what a lab says of itself beside its trigger matters to some claim, or it is idle.

Each step, each distance, and the skew of each load's keys is left out, and a claim about some
variant must notice.
"""

from collections.abc import Iterator
from dataclasses import replace

from harness.errors import ChaoslabError
from harness.model.lab import Lab
from harness.model.load import Flow, Load
from harness.model.loads import Together
from harness.proof.bench import Bench, ended
from harness.proof.item import Item, Way


def items(bench: Bench) -> Iterator[Item]:
    """Leave out each word of a lab that is not what its broken variants fall by."""
    for what, lab in _without(bench.lab):
        yield _left_out(bench, what, lab)


def _without(lab: Lab) -> Iterator[tuple[str, Lab]]:
    for step in lab.steps:
        others = tuple(one for one in lab.steps if one is not step)
        yield f"the step {step.fault.name}", replace(lab, steps=others)
    for distance in lab.distances:
        far = tuple(one for one in lab.distances if one is not distance)
        yield f"the {distance.name}", replace(lab, distances=far)
    for number, flow in enumerate(lab.load.flows(), 1):
        if flow.skew is not None:
            even = replace(lab, load=_even(lab.load, flow))
            yield f"the skew of load {number}'s keys", even


def _even(load: Load, flow: Flow) -> Load:
    """Have all keys of one flow asked for alike."""
    if isinstance(load, Together):
        return Together(of=tuple(_even(one, flow) for one in load.of))
    return replace(load, skew=None) if load is flow else load


def _left_out(bench: Bench, what: str, lab: Lab) -> Item:
    for variant in bench.lab.variants:
        try:
            claims = bench.noticed(bench.met(variant, lab))
        except ChaoslabError as error:
            claims = ended(error)
        if claims:
            return Item(way=Way.WORD, what=f"{what}, in {variant.name}", noticed=claims)
    return Item(way=Way.WORD, what=what, missing="no claim notices: what is it there for?")
