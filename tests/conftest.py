"""Settings for the whole suite: property tests draw the same examples in every run."""

import gc
import os
from collections.abc import Generator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import settings

from harness.engines.sim.collector import calm
from harness.engines.sim.invariants import CHECKS
from tests.one_worker import OneWorkerForALab

settings.register_profile("reruns agree", derandomize=True, deadline=None)
settings.load_profile("reruns agree")

# Read once, so that all workers of a run agree: which labs are proven depends on the day.
os.environ.setdefault("CHAOSLAB_PROVE", datetime.now(UTC).date().isoformat())

# The simulation keeps a copy of every byte, and looks for what a run has left behind.
CHECKS.dear = True

MODULES = count(1)
LOOKED_THROUGH = 20
"""After so many modules, all that they have left is looked through."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a lab together, under `--dist loadgroup`."""
    return OneWorkerForALab(config, log) if config.option.dist == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CHAOSLAB_NO_SKIPS is set, as in CI, a test that is left out has failed."""
    del item, call
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CHAOSLAB_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"left out where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _calm_throughout() -> Generator[None]:
    """Keep out of the collector's sight what pytest holds: each look through it takes 0.3 s."""
    with calm():
        yield


@pytest.fixture(autouse=True, scope="module")
def _calm(_calm_throughout: None) -> Generator[None]:
    """Look for cycles in what the last module has left, and now and then in everything."""
    if next(MODULES) % LOOKED_THROUGH == 0:
        gc.unfreeze()
    with calm():
        yield
