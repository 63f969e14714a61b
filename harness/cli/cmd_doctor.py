"""`./lab doctor`: what is here, what is missing, and the command that mends it."""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from harness import catalogue
from harness.cli.lab_imports import looked_at
from harness.engines.compose import images
from harness.engines.containers import engine, part, why_not
from harness.errors import EnvironmentNotReadyError, ExitCode

OLD_DAYS = 30
"""Debian publishes security updates every few days."""
FREE_GB = 2.0
"""Room for the images and for some hundred recorded runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `mend` is empty when it is as it should be."""

    what: str
    found: str
    mend: str = ""


@click.command()
def command() -> ExitCode:
    """Look at everything that labs need."""
    console = Console(highlight=False)
    findings = [_python(), _labs(), _disk(), *_containers()]
    for finding in findings:
        sign, style = ("✗", "bold red") if finding.mend else ("✓", "green")
        console.print(Text(f"{sign} {finding.what:<12}", style=style), Text(finding.found))
        if finding.mend:
            console.print(Padding(Text(finding.mend, style="bold"), (0, 0, 0, 15), expand=False))
    sick = sum(bool(finding.mend) for finding in findings)
    console.print("\nall is well" if not sick else f"\n{sick} to mend")
    return ExitCode.INCONCLUSIVE if sick else ExitCode.AS_EXPECTED


def _python() -> Finding:
    cores = os.cpu_count() or 1
    return Finding(what="Python", found=f"{platform.python_version()}, {cores} cores")


def _labs() -> Finding:
    slugs = catalogue.slugs()
    problems = [f"{one.slug}: {one.problem}" for one in looked_at(slugs) if one.problem]
    if problems:
        found = "1 lab cannot" if len(problems) == 1 else f"{len(problems)} labs cannot"
        mend = "\n".join(problems)
        return Finding(what="labs", found=f"{found} be used; {len(slugs)} are there", mend=mend)
    return Finding(
        what="labs", found=f"{len(slugs)} in the repository, the simulator needs no more"
    )


def _disk() -> Finding:
    free_gb = shutil.disk_usage(catalogue.ROOT).free / 1e9
    mend = "" if free_gb >= FREE_GB else "make room, or ./lab clean --runs"
    return Finding(what="disk", found=f"{free_gb:.1f} GB free", mend=mend)


def _containers() -> Iterator[Finding]:
    missing = why_not()
    if missing:
        yield Finding(what="containers", found="labs can only be simulated", mend=missing)
    else:
        yield Finding(what="containers", found="engine, Compose and images are here")
        yield Finding(what="images", found=age(datetime.now(UTC)))
    if images.chosen_base():
        yield Finding(what="images", found="from public registries, which is untested")
    yield from _engine()


def age(now: datetime) -> str:
    """Say how old the Debian packages of the images are, which get no updates by themselves."""
    day = datetime.strptime(images.snapshot(), "%Y%m%d").replace(tzinfo=UTC)
    days = (now - day).days
    found = f"Debian packages of {day:%Y-%m-%d}, {days} days old"
    if days > OLD_DAYS:
        found += "; ./lab images build --refresh brings security updates"
    return found


def _engine() -> Iterator[Finding]:
    """Name the engine and where it is, and what of that has never been tried."""
    with suppress(EnvironmentNotReadyError), engine() as client:  # that none answers is told above
        address = part("address")
        there = address.address()
        found = f"{address.described(client)} at {there}"
        if address.is_rootless(client):
            found += ", untested"
        if not address.is_here(there):
            found += "; runs reach it through its API alone, and Grafana cannot be opened on it"
        yield Finding(what="engine", found=found)
