"""Trials: a module's tests run against one mutant, in a process of its own, with a time limit.

The mutant is given to that process by an import hook, so no file is ever changed. A fork server has
what is slow to import and is not the project's; each trial is a fork of it.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing import get_context
from types import ModuleType

import pytest

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["pytest", "hypothesis", "aiohttp.web", "redis.asyncio", "fakeredis"]
)
# What the fork server has imported keeps its own assertions, which is no reason to fail.
PRELOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
ARGUMENTS = ("-x", "-q", "-p", "no:cacheprovider", *PRELOADED)
NOT_IMPORTED = 64
"""Exit code of a trial whose tests passed without ever importing the mutant."""


class Outcome(StrEnum):
    """What came of a mutant; one that does not end in time is found out too."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class TrialError(Exception):
    """The tests could not be run, so nothing is known of the mutant."""


class Mutated(MetaPathFinder, Loader):
    """Gives a changed source for one module, by its path from the root."""

    def __init__(self, path: str, source: str) -> None:
        self.module = path.removesuffix(".py").replace("/", ".")
        self.path = path
        self.source = source
        self.was_imported = False

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """Answer for the one module alone."""
        del path, target
        if fullname != self.module:
            return None
        return spec_from_loader(fullname, self, origin=self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed source."""
        self.was_imported = True
        exec(compile(self.source, self.path, "exec"), module.__dict__)  # noqa: S102 - our own


def trial(path: str, source: str, tests: Sequence[str], limit_s: float) -> Outcome:
    """Run tests against a module's changed source.

    Raises:
        TrialError: there are no such tests, or they do not import the module.

    """
    process = CONTEXT.Process(target=_run, args=(path, source, tests), daemon=True)
    process.start()
    try:
        process.join(limit_s)
        late = process.exitcode is None
    finally:
        # With all that its tests have started: it leads a process group, once it runs.
        process.kill()
        with suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
    if late:
        return Outcome.TIMED_OUT
    match process.exitcode:
        case 0:
            return Outcome.SURVIVED
        case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
            return Outcome.KILLED
        case code if code and code < 0:
            return Outcome.KILLED
        case code:
            raise TrialError(f"{path}: {' '.join(tests)} cannot be run (exit code {code})")


def _run(path: str, source: str, tests: Sequence[str]) -> None:
    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    finder = Mutated(path, source)
    sys.meta_path.insert(0, finder)
    code = int(pytest.main([*ARGUMENTS, *tests]))
    sys.exit(code or (0 if finder.was_imported else NOT_IMPORTED))
