"""Imports modules when they are needed: a command starts fast, and without what it does not use."""

import importlib
from importlib.util import find_spec
from typing import Any

from harness import catalogue
from harness.engines import containers
from harness.errors import EnvironmentNotReadyError

CLUSTER = ("dask", "distributed")


def imported(name: str) -> Any:  # noqa: ANN401 - a module, imported by its name
    """Import a module.

    Raises:
        EnvironmentNotReadyError: a part of the lock that it needs is not installed.

    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _not_installed((error.name or "").partition(".")[0]) from error


def refuse_without(*packages: str) -> None:
    """See at once that packages are there which will be imported later.

    Raises:
        EnvironmentNotReadyError: one is not installed.

    """
    for package in packages:
        if find_spec(package) is None:
            raise _not_installed(package)


def _not_installed(package: str) -> EnvironmentNotReadyError:
    """Say that a package is lacking, and what installs it."""
    if package in containers.PACKAGES:
        return EnvironmentNotReadyError(containers.NOT_INSTALLED)
    if package in CLUSTER and catalogue.IS_CHECKOUT:
        return EnvironmentNotReadyError(
            "what a cluster needs is not installed: ./lab cluster installs it"
        )
    if not catalogue.IS_CHECKOUT:
        part = "cluster" if package in CLUSTER else "report"
        fix = f"install chaoslab with the part that has it, as in pip install 'chaoslab[{part}]'"
        return EnvironmentNotReadyError(f"the package {package} is not installed: {fix}")
    fix = "remove the folder .venv, and the next start installs it anew"
    return EnvironmentNotReadyError(f"the package {package} is not installed: {fix}")
