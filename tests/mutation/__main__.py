"""Mutation testing of what judges, measures and protects: `python -m tests.mutation`.

Exit code 1 where a survivor is not accepted, an accepted one is not one, or fewer than 95 % of the
mutants are found out.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.mutation.accepted import ACCEPTED, Accepted
from tests.mutation.mutants import Mutant, chosen, mutants
from tests.mutation.targets import TARGETS
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants that are asked for, and tell of those that no test finds out."""
    options = _options(arguments)
    began_s = time.monotonic()
    everything = [one for path in TARGETS for one in mutants(path, (ROOT / path).read_text())]
    picked = everything if options.all else chosen(everything, options.count, options.seed)
    only = tuple(options.only) or ""
    results, untried = tried(one for one in picked if one.path.startswith(only))
    print(table(results))
    faults = [*untried, *unexplained(results, ACCEPTED), *stale(everything, results, ACCEPTED)]
    print("\n".join(faults))
    score = found_out(results)
    print(
        f"{len(results)} of {len(everything)} mutants in {time.monotonic() - began_s:.0f} s, "
        f"{100 * score:.1f} % found out, {len(faults)} to look at"
    )
    return int(bool(faults) or score < LEAST)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many mutants to choose")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--all", action="store_true", help="try every mutant that there is")
    parser.add_argument("only", nargs="*", help="beginnings of paths, such as harness/checks")
    return parser.parse_args(arguments)


def tried(picked: Iterable[Mutant]) -> tuple[list[Result], list[str]]:
    """Try mutants one after the other; tell of modules whose tests fail without any."""
    results: list[Result] = []
    untried: list[str] = []
    for path, group in groupby(picked, key=lambda mutant: mutant.path):
        tests = TARGETS[path]
        try:
            limit_s = _limit_s(path, tests)
            print(f"== {path}, each mutant within {limit_s:.0f} s", flush=True)
            for mutant in group:
                result = Result(mutant, trial(path, mutant.source, tests, limit_s))
                results.append(result)
                if result.outcome is Outcome.SURVIVED:
                    print(f"{mutant}\n", flush=True)
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
    for path in sorted(counts, key=lambda name: (name == "all", name)):
        rows.append(f"{path:40}" + "".join(f"{counts[path][outcome]:11}" for outcome in Outcome))
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
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
