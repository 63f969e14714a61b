"""`./lab test`: lint, types, unit tests, labs, and the Compose tests where an engine answers."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from harness.catalogue import ROOT
from harness.engines.containers import why_not
from harness.errors import EnvironmentNotReadyError, ExitCode
from harness.live.browsers import why_not as why_not_browser

SOURCES = ("harness", "services", "labs", "tests", "benchmarks")
SWARM_S = 600
PLANS_A_NIGHT = 100_000
"""More than the swarm can try in its time, so that no two nights try the same."""
REQUIRED = "CHAOSLAB_REQUIRE_ENGINE"
REQUIRED_BROWSER = "CHAOSLAB_REQUIRE_BROWSER"
AT_NIGHT = {"CHAOSLAB_SEEDS": "200", "CHAOSLAB_TAB_LABS": "all", "CHAOSLAB_PROVE": "all"}
"""Seeds that are held against fresh processes at night, labs that a browser's tab plays, and labs
that are proven."""
NOTHING_COLLECTED = 5
"""pytest's exit code when no test matches, which an argument after `--` may bring about."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--nightly", is_flag=True, help="More seeds, the swarm, peers' tests, mutants.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(pytest_arguments: Sequence[str], *, nightly: bool) -> ExitCode:
    """Run all checks of the project; what follows -- goes to pytest.

    Set CHAOSLAB_REQUIRE_ENGINE=1 to fail where no Docker engine answers, and
    CHAOSLAB_REQUIRE_BROWSER=1 to fail where no Chromium is found.
    """
    missing, no_browser = why_not(), why_not_browser()
    for name, why in ((REQUIRED, missing), (REQUIRED_BROWSER, no_browser)):
        if why and os.environ.get(name):
            raise EnvironmentNotReadyError(f"{name} is set, and {why}")
    steps = [
        ["ruff", "check", *SOURCES],
        ["ruff", "format", "--check", *SOURCES],
        ["mypy"],
        [
            *("pytest", "-m", "not compose and not browser", "-n", str(os.cpu_count() or 1)),
            *("--dist", "loadgroup", *pytest_arguments),
        ],
    ]
    if not no_browser:
        spread = ("-n", str(os.cpu_count() or 1), "--dist", "loadfile")
        steps.append(["pytest", "-m", "browser and not compose", *spread, *pytest_arguments])
    if not missing:
        steps.append(["pytest", "-m", "compose", *pytest_arguments])
    if nightly:
        steps.append(_swarm())
        steps.append(["tests.peers"])
        steps.append(["tests.mutation"])
        steps.append(["tests.mutation", "--kernel", "--count", "120"])
    more = AT_NIGHT if nightly else {}
    failed = [step[0] for step in steps if not _passes(step, {**os.environ, **more})]
    if missing:
        _left_out("compose", "Compose", missing, pytest_arguments)
    if no_browser:
        _left_out("browser", "browser", no_browser, pytest_arguments)
    if failed:
        click.echo(f"failed: {', '.join(failed)}")
        return ExitCode.EXPECTATION_FAILED
    click.echo("all checks passed")
    return ExitCode.AS_EXPECTED


def _swarm() -> list[str]:
    """Let the swarm try other plans each night."""
    seed = datetime.now(UTC).date().toordinal() * PLANS_A_NIGHT
    return ["harness.cli", "swarm", "--seconds", str(SWARM_S), "--seed", str(seed)]


def _passes(step: Sequence[str], environment: Mapping[str, str]) -> bool:
    click.secho(f"== {' '.join(step)}", bold=True)
    done = subprocess.run(  # noqa: S603 - our own tools
        [sys.executable, "-m", *step], cwd=ROOT, env=environment, check=False
    )
    return done.returncode == 0 or (step[0] == "pytest" and done.returncode == NOTHING_COLLECTED)


def _left_out(marker: str, said: str, missing: str, pytest_arguments: Sequence[str]) -> None:
    listing = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "pytest", "-m", marker, "--collect-only", "-q"),
            *("-p", "no:cacheprovider", *pytest_arguments),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    count = sum("::" in line for line in listing.stdout.splitlines())
    click.echo(f"{count} {said} tests were left out: {missing}")
