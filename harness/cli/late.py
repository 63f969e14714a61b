"""Imports modules when they are needed: a command starts fast, and without what it does not use."""

import importlib
from typing import Any

from harness import catalogue
from harness.engines import containers
from harness.errors import EnvironmentNotReadyError


def imported(name: str) -> Any:  # noqa: ANN401 - a module, imported by its name
    """Import a module.

    Raises:
        EnvironmentNotReadyError: a part of the lock that it needs is not installed.

    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error


def _not_installed(error: ModuleNotFoundError) -> EnvironmentNotReadyError:
    """Say which package is lacking, and what installs it."""
    package = (error.name or "").partition(".")[0]
    if package in containers.PACKAGES:
        return EnvironmentNotReadyError(containers.NOT_INSTALLED)
    if not catalogue.IS_CHECKOUT:
        fix = "install chaoslab with its part for reports, as in pip install 'chaoslab[report]'"
        return EnvironmentNotReadyError(f"the package {package} is not installed: {fix}")
    fix = "remove the folder .venv, and the next start installs it anew"
    return EnvironmentNotReadyError(f"the package {package} is not installed: {fix}")
