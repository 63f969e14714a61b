"""Mutation testing of what judges, measures and protects: `python -m tests.mutation --help`."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import click

from tests.mutation.accepted import ACCEPTED, Accepted
from tests.mutation.mutants import Mutant, chosen, mutants
from tests.mutation.named import named
from tests.mutation.operators import KERNEL_OPERATORS, OPERATORS
from tests.mutation.targets import KERNEL, TARGETS
from tests.mutation.trials import Outcome, TrialError, trial

ROOT = Path(__file__).parents[2]
COUNT = 400
LEAST = 0.95
"""The share of mutants that tests must find out; the project's aim, not what it came to."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one mutant."""

    mutant: Mutant
    outcome: Outcome


@click.command()
@click.option("--count", default=COUNT, show_default=True, help="How many mutants to choose.")
@click.option("--seed", default=1, show_default=True, help="Of the choice.")
@click.option("--all", "whole", is_flag=True, help="Try every mutant that there is.")
@click.option("--kernel", is_flag=True, help="Of the simulator instead, and those with a name.")
@click.argument("only", nargs=-1)
def main(count: int, seed: int, only: Sequence[str], *, whole: bool, kernel: bool) -> None:
    """Try mutants of what judges, measures and protects, and tell of those that no test finds out.

    ONLY are beginnings of paths, such as harness/checks; without any, all modules are meant. The
    exit code is 1 where a survivor is not accepted, an accepted one is not one, or fewer than 95 %
    of the mutants are found out.
    """
    began_s = time.monotonic()
    targets, operators = (KERNEL, KERNEL_OPERATORS) if kernel else (TARGETS, OPERATORS)
    everything = [
        one for path in targets for one in mutants(path, (ROOT / path).read_text(), operators)
    ]
    picked = everything if whole else chosen(everything, count, seed)
    if kernel:
        picked = sorted([*picked, *named()], key=lambda one: one.path)
    wanted = (one for one in picked if one.path.startswith(tuple(only) or ""))
    results, untried = tried(wanted, targets)
    accepted = [one for one in ACCEPTED if one.path in targets]
    click.echo(table(results))
    faults = [*untried, *unexplained(results, accepted), *stale(everything, results, accepted)]
    click.echo("\n".join(faults))
    score = found_out(results)
    click.echo(
        f"{len(results)} of {len(everything)} mutants in {time.monotonic() - began_s:.0f} s, "
        f"{100 * score:.1f} % found out, {len(faults)} to look at"
    )
    sys.exit(int(bool(faults) or score < LEAST))


def tried(
    picked: Iterable[Mutant], targets: Mapping[str, Sequence[str]]
) -> tuple[list[Result], list[str]]:
    """Try mutants one after the other; tell of modules whose tests fail without any."""
    results: list[Result] = []
    untried: list[str] = []
    for path, group in groupby(picked, key=lambda mutant: mutant.path):
        tests = targets[path]
        try:
            limit_s = _limit_s(path, tests)
            click.echo(f"== {path}, each mutant within {limit_s:.0f} s")
            for mutant in group:
                result = Result(mutant, trial(path, mutant.source, tests, limit_s))
                results.append(result)
                if result.outcome is Outcome.SURVIVED:
                    click.echo(f"{mutant}\n")
        except TrialError as error:
            untried.append(f"not tried: {error}")
    return results, untried


def _limit_s(path: str, tests: Sequence[str]) -> float:
    """Give five times what the tests take without a mutant, and some for a busy machine."""
    began_s = time.monotonic()
    if trial(path, (ROOT / path).read_text(), tests, limit_s=600) is not Outcome.SURVIVED:
        raise TrialError(f"{path}: {' '.join(tests)} fail without a mutant; fix them first")
    return 20 + 5 * (time.monotonic() - began_s)


def table(results: Iterable[Result]) -> str:
    """Count what came of the mutants, by module."""
    counts: Mapping[str, Counter[Outcome]] = defaultdict(Counter)
    for result in results:
        counts[result.mutant.path][result.outcome] += 1
        counts["all"][result.outcome] += 1
    heads = "".join(f"{outcome:>11}" for outcome in Outcome)
    rows = [f"{'module':40}{heads}"]
    rows += [
        f"{path:40}" + "".join(f"{counts[path][outcome]:11}" for outcome in Outcome)
        for path in sorted(counts, key=lambda name: (name == "all", name))
    ]
    return "\n".join(rows)


def found_out(results: Sequence[Result]) -> float:
    """Give the share of mutants that tests have found out; of none, all."""
    survived = sum(result.outcome is Outcome.SURVIVED for result in results)
    return 1 - survived / len(results) if results else 1.0


def unexplained(results: Iterable[Result], accepted: Iterable[Accepted]) -> list[str]:
    """Tell of survivors that are not accepted."""
    known = {one.key for one in accepted}
    return [
        f"survived: {result.mutant}"
        for result in results
        if result.outcome is Outcome.SURVIVED and result.mutant.key not in known
    ]


def stale(
    everything: Iterable[Mutant], results: Iterable[Result], accepted: Iterable[Accepted]
) -> list[str]:
    """Tell of accepted survivors that have been found out, or that are no mutants any more."""
    there = {mutant.key for mutant in everything}
    dead = {result.mutant.key for result in results if result.outcome is not Outcome.SURVIVED}
    told = []
    for one in accepted:
        if one.key not in there:
            told.append(f"accepted, but no mutant: {one.path} in {one.within}: {one.new}")
        elif one.key in dead:
            told.append(f"accepted, but found out: {one.path} in {one.within}: {one.new}")
    return told


if __name__ == "__main__":
    main()
