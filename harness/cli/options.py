"""Options that several commands share, and how their values are read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

import click

from harness.catalogue import Entry, find, slugs
from harness.errors import LabError
from harness.model.experiment import Experiment
from harness.model.fault import Setting
from harness.model.load import Load
from harness.model.loads import Together
from harness.model.names import nearest
from harness.model.validate import problems
from harness.model.variant import Variant


class EngineChoice(StrEnum):
    """What `--engine` may say."""

    SIM = "sim"
    COMPOSE = "compose"
    BOTH = "both"


MOST_SEEDS = 100_000
LOAD = "load."
SIMULATION_ONLY = (
    "--events, --permute and --script only work in the simulation. Remove --engine compose."
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def engine(**extra: Any) -> Decorator:  # noqa: ANN401 - click's own options
    """Add `--engine sim|compose|both`."""
    return click.option(
        "--engine",
        type=click.Choice([choice.value for choice in EngineChoice]),
        help="Simulate, measure on containers, or both.",
        **extra,
    )


def seed() -> Decorator:
    """Add `--seed N`."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=1,
        show_default=True,
        help="Seed of all random choices; the same seed gives the same run.",
    )


def permute() -> Decorator:
    """Add `--permute N`."""
    return click.option(
        "--permute",
        type=click.IntRange(min=0),
        default=None,
        help="Shuffle simultaneous events with this seed: do results depend on their order?",
    )


def seeds() -> Decorator:
    """Add `--seeds N|A-B`, which gives a range."""
    return click.option(
        "--seeds",
        type=seeds_of,
        default="1",
        show_default=True,
        metavar="N|A-B",
        help="How many, from 1 on, or the first and the last.",
    )


def seeds_of(text: str) -> range:
    """Read how many seeds there are, from 1 on, or the first and the last.

    Raises:
        LabError: it says neither.

    """
    found = re.fullmatch(r"(?:(\d{1,9})-)?(\d{1,9})", text)
    first, last = (int(found[1] or 1), int(found[2])) if found else (1, 0)
    if not 1 <= first <= last < first + MOST_SEEDS:
        raise LabError(
            f"--seeds {text}: write how many, from 1 to {MOST_SEEDS}, or the first and the last, "
            "as in 41-80"
        )
    return range(first, last + 1)


def labs(names: Sequence[str]) -> list[str]:
    """Give the slugs of the labs that are named; of all when none is.

    A lab that is there and wrong is found out when it is run.

    Raises:
        LabError: there is none of that name, or more than one.

    """
    there = slugs()
    for name in names:
        if there.count(name) != 1:
            find(name)
    return list(dict.fromkeys(names or there))


def chosen(entry: Entry, names: Sequence[str]) -> list[Variant]:
    """Give the variants of the names, in the lab's order; all of them when none is named.

    Raises:
        LabError: there is no variant of that name.

    """
    there = [variant.name for variant in entry.lab.variants]
    for name in names:
        if name not in there:
            close = nearest(name, there)
            raise LabError(f"no variant {name!r}{close}; {entry.slug} has {', '.join(there)}")
    return [variant for variant in entry.lab.variants if not names or variant.name in names]


def changed(entry: Entry, assignments: Sequence[str]) -> Entry:
    """Give a lab with `service.setting=value` put into every variant, `load.x=value` in the load.

    Raises:
        LabError: it is no such assignment, or the lab does not take it.

    """
    settings = dict(_assignment(text) for text in assignments)
    load = {
        name.removeprefix(LOAD): settings.pop(name)
        for name in list(settings)
        if name.startswith(LOAD)
    }
    variants = tuple(
        replace(variant, settings={**variant.settings, **settings})
        for variant in entry.lab.variants
    )
    lab = replace(entry.lab, variants=variants, load=_reloaded(entry.lab.load, load))
    for problem in problems(lab):
        raise LabError(f"--set: {problem}")
    return replace(entry, lab=lab)


def scripted(entry: Entry, experiment: Experiment) -> Entry:
    """Give a lab with what an experiment does to it by hand."""
    return replace(entry, lab=experiment.of(entry.lab)) if experiment.is_scripted else entry


def _reloaded(load: Load, values: Mapping[str, Any]) -> Load:
    """Put values into a load; where several come together, by the number of one from 1 on."""
    if isinstance(load, Together):
        own: dict[int, dict[str, Any]] = {}
        for name, value in values.items():
            number, _, rest = name.partition(".")
            if number not in map(str, range(1, len(load.of) + 1)):
                one = f"load.1.{number}" if not rest else f"load.1.{rest}"
                raise LabError(f"--set: there are {len(load.of)} loads; write {one} for the first")
            own.setdefault(int(number) - 1, {})[rest] = value
        return Together(
            of=tuple(_reloaded(one, own.get(place, {})) for place, one in enumerate(load.of))
        )
    there = [item.name for item in fields(load) if _is_plain(getattr(load, item.name))]
    for name, value in values.items():
        if name not in there:
            raise LabError(f"--set: the load has no {name!r}; it has {', '.join(there)}")
        kind = str if isinstance(getattr(load, name), str) else int | float
        if not _is_plain(value) or not isinstance(value, kind):
            wanted = "a word" if kind is str else "a number"
            raise LabError(f"--set load.{name}={value}: expected {wanted}.")
    return replace(load, **values)


def _is_plain(value: object) -> bool:
    """Whether a value is a word or a number; to Python, a bool is a number too."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _assignment(text: str) -> tuple[str, Setting]:
    name, equals, value = text.partition("=")
    if not equals:
        raise LabError(
            f"--set {text}: expected service.setting=value, for example checkout.tries=1. "
            "./lab show NAME lists the settings."
        )
    try:
        decoded: Setting = json.loads(value)
    except json.JSONDecodeError:
        decoded = value
    return name, decoded
