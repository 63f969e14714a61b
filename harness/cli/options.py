"""Options that several commands share, and how their values are read."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import click

from harness.catalogue import find, slugs
from harness.errors import LabError


class EngineChoice(StrEnum):
    """What `--engine` may say."""

    SIM = "sim"
    COMPOSE = "compose"
    BOTH = "both"


MOST_SEEDS = 100_000
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
