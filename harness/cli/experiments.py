"""What a learner may do next: the experiments of a lab's lesson, and the lab after it."""

import os
import shlex
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from harness import catalogue
from harness.catalogue import Entry
from harness.lessons.experiments import experiments


def shown(path: Path) -> str:
    """Write a path as the shell that the command was called from can open it."""
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def as_experiment(slug: str, variants: Sequence[str], settings: Sequence[str], seed: int) -> str:
    """Write what was asked for as the lessons do, so that it can be found among them."""
    words = ["./lab", "run", slug]
    words += [word for name in variants for word in ("--variant", name)]
    words += [word for setting in settings for word in ("--set", setting)]
    words += ["--seed", str(seed)] if seed != 1 else []
    return shlex.join(words)


def next_experiment(entry: Entry, done: Sequence[str]) -> str:
    """Give the first experiment of the lesson that was not run yet; the first when all were."""
    found = experiments(entry)
    normal = {_normal(one) for one in done}
    return next((one for one in found if _normal(one) not in normal), found[0] if found else "")


def next_lab(slug: str) -> str:
    """Give the command that runs the next lab; after the last one, what there will be."""
    following = catalogue.following(slug)
    if following:
        return f"./lab run {following.slug}"
    return "none yet after this one: ./lab list --all"


def _normal(command: str) -> frozenset[str]:
    """Compare commands whatever the order of their options, the seed that is usual left out."""
    words = shlex.split(command)
    pairs = {f"{one} {other}" for one, other in pairwise(words)}
    options = {pair for pair in pairs if pair.startswith("--")} - {"--seed 1", "--engine sim"}
    return frozenset(options)
