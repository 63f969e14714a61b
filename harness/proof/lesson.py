"""A lesson's experiments: each command does what the lesson says of it.

Below the commands of *Break the fix*, a comment for each of them, in their order, says what comes
out: the verdict, and after a FAIL the claims that must be among those that fail, as in

    <!-- FAIL: recovers by itself; every try is used up -->
    <!-- PASS -->
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from harness import assignments, runner
from harness.checks.verdict import Verdict, failures
from harness.errors import LabError
from harness.lessons.experiments import experiments, part
from harness.proof.bench import Bench
from harness.proof.item import Item, Way

SAID = re.compile(
    r"^<!-- (?P<verdict>PASS|FAIL|INCONCLUSIVE)(?:: (?P<claims>.+?))? -->$", re.MULTILINE
)
HOW = "write <!-- PASS -->, or <!-- FAIL: a claim; another --> below it, one for each command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a lesson says of a command: the verdict, and claims that fail."""

    verdict: Verdict
    claims: tuple[str, ...] = ()


def said(text: str) -> list[Said]:
    """Read what the comments of a lesson's part say, in their order."""
    return [
        Said(
            verdict=Verdict(found["verdict"]),
            claims=tuple(one.strip() for one in (found["claims"] or "").split(";") if one.strip()),
        )
        for found in SAID.finditer(text)
    ]


def items(bench: Bench) -> Iterator[Item]:
    """Do what the lesson proposes, and compare with what it says."""
    commands = experiments(bench.entry)
    told = said(part(bench.entry))
    if len(commands) != len(told):
        missing = f"{len(commands)} commands, and {len(told)} are told what comes of them: {HOW}"
        yield Item(way=Way.LESSON, what="the lesson", missing=missing)
        return
    for command, expected in zip(commands, told, strict=True):
        yield _done(bench, command, expected)


def _done(bench: Bench, command: str, expected: Said) -> Item:
    what = command.partition(f" {bench.entry.slug} ")[2]
    try:
        found, claims = _run(bench, command)
    except LabError as error:
        return Item(way=Way.LESSON, what=what, missing=f"it is refused: {error}")
    absent = [one for one in expected.claims if one not in claims]
    missing = ""
    if found is not expected.verdict:
        missing = f"the lesson says {expected.verdict}, and it is {found}: {'; '.join(claims)}"
    elif absent:
        missing = f"these do not fail: {'; '.join(absent)}; but {'; '.join(claims) or 'nothing'}"
    return Item(way=Way.LESSON, what=what, noticed=claims, missing=missing)


def _run(bench: Bench, command: str) -> tuple[Verdict, tuple[str, ...]]:
    """Run what a command asks for, simulated."""
    words = shlex.split(command)[3:]
    options = list(zip(words[::2], words[1::2], strict=True))
    given = {name: [value for other, value in options if other == name] for name, _ in options}
    entry = assignments.changed(bench.entry, given.get("--set", []))
    variants = assignments.chosen(entry, given.get("--variant", []))
    seed = int(given.get("--seed", [str(bench.seed)])[-1])
    result = runner.run(entry, variants, seed, [bench], runner.unwatched)
    return result.verdict, tuple(dict.fromkeys(one.claim for one in failures(result.controls)))
