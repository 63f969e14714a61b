"""Other libraries' own tests on both loops: `python -m tests.peers --help`."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from harness.errors import EnvironmentNotReadyError, ExitCode
from tests.engines.sim.redis_server import SERVER, serving
from tests.peers.exceptions import PASSED, Listed, faults, of
from tests.peers.fetch import FETCHED, HERE, ROOT, interpreter, tests_of
from tests.peers.suites import REAL, SIMULATED, SUITES, Suite

LIMIT_S = 7200
"""What one library's tests may take on one loop; alone on two cores they take some minutes."""

RAN = frozenset({0, 1})
"""pytest's exit codes where all tests ran, whatever came of them."""

COROUTINE = "async def test_"


@click.command()
@click.argument("only", nargs=-1)
def main(only: Sequence[str]) -> None:
    """Run the tests of aiohttp and redis-py on the simulator; what fails there, on a real loop.

    ONLY are libraries, or parts of the paths of their test files; without any, all are meant.

    The exit code is 1 where a test passes on the real loop alone and is not in exceptions.tsv, or
    is there and passes; 2 where the tests cannot be fetched.
    """
    try:
        fair = [_hold(suite, only) for suite in SUITES]
    except EnvironmentNotReadyError as error:
        click.echo(error, err=True)
        sys.exit(ExitCode.INCONCLUSIVE)
    sys.exit(ExitCode.AS_EXPECTED if all(fair) else ExitCode.EXPECTATION_FAILED)


def _hold(suite: Suite, only: Sequence[str]) -> bool:
    """Run one library's tests and compare; tell what is wrong, and say whether nothing is."""
    files = _chosen(suite, only)
    if not files:
        return True
    if suite.needs_redis and SERVER is None:
        click.echo(f"{suite.pinned}: left out: it needs redis-server (apt-get install it)")
        return True
    click.echo(f"== {suite.pinned}: {len(files)} files")
    simulated = _run(suite, SIMULATED, files, None)
    left = [test for test, outcome in simulated.items() if outcome != PASSED]
    real = _run(suite, REAL, sorted({file_of(test) for test in left}), left) if left else {}
    listed = [one for one in of(suite.library) if file_of(one.test) in files]
    found = list(faults(simulated, real, listed))
    click.echo("\n".join([*found, summary(suite.pinned, simulated, real, listed)]))
    return bool(simulated) and not found


def _chosen(suite: Suite, only: Sequence[str]) -> list[str]:
    """Give the paths of the files that have a loop to run on, and that are meant."""
    folder = tests_of(suite)
    found = sorted(path for pattern in suite.files for path in folder.glob(pattern))
    wanted = [path for path in found if path.name not in suite.left_out]
    paths = [str(one.relative_to(folder)) for one in wanted if COROUTINE in one.read_text()]
    meant = not only or suite.library in only
    return [path for path in paths if meant or any(word in path for word in only)]


def file_of(test: str) -> str:
    """Give the path of a test's file, by pytest's name of the test."""
    return test.partition("::")[0]


def _run(
    suite: Suite, world: str, files: Sequence[str], tests: Sequence[str] | None
) -> dict[str, str]:
    """Run files in a process of their own, or some of their tests; give the outcomes by name.

    Raises:
        EnvironmentNotReadyError: it takes too long, or tests cannot be collected; half of the
            outcomes are worth nothing.

    """
    log = FETCHED / f"{suite.library}-{world}.log"
    with tempfile.TemporaryDirectory() as name, _redis(suite, world, Path(name)) as more:
        outcomes, chosen = Path(name) / "outcomes", Path(name) / "chosen"
        chosen.write_text(json.dumps(tests))
        command = [
            *(interpreter(), "-P", HERE / "child.py", suite.library, world),
            *(chosen if tests else "", outcomes, *suite.options, *more, *files),
        ]
        try:
            with log.open("w") as file:
                done = subprocess.run(  # noqa: S603 - our own
                    command,
                    cwd=tests_of(suite),
                    env={**os.environ, "PYTHONPATH": str(ROOT), **suite.environment},
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=LIMIT_S,
                    check=False,
                )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentNotReadyError(
                f"{suite.pinned}: not over after {LIMIT_S} s; {log} says how far it came"
            ) from error
        if done.returncode not in RAN or not outcomes.is_file():
            raise EnvironmentNotReadyError(
                f"{suite.pinned}: pytest ended with {done.returncode}; {log} says why"
            )
        lines = outcomes.read_text().splitlines()
    return {test: outcome for test, outcome, _ in map(json.loads, lines)}


@contextmanager
def _redis(suite: Suite, world: str, folder: Path) -> Iterator[Sequence[str]]:
    """Give the options by which redis-py's tests find a real server; the simulated has its port."""
    if not suite.needs_redis or world == SIMULATED:
        yield ()
        return
    with serving(folder) as port:
        yield ("--redis-url", f"redis://localhost:{port}/0")


def summary(
    pinned: str, simulated: Mapping[str, str], real: Mapping[str, str], listed: Sequence[Listed]
) -> str:
    """Count in one line what passes, and what does on the real loop alone."""
    passing = sum(outcome == PASSED for outcome in simulated.values())
    alone = [test for test in real if real[test] == PASSED != simulated.get(test)]
    causes = Counter(one.cause for one in listed for test in alone if one.means(test))
    told = ", ".join(f"{count} {cause}" for cause, count in sorted(causes.items()))
    return (
        f"{pinned}: of {passing + len(alone)} tests that pass on a real loop, {passing} pass on "
        f"the simulator; exceptions: {told or 'none'}"
    )


if __name__ == "__main__":
    main()
