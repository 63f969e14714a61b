"""The way to the container engine for commands that do without it too.

What it needs is a part of the lock that the first start does not install, so nothing of it is
imported before it is asked for.
"""

import asyncio
import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import catalogue
from harness.engines.protocol import Conductor, Engine, Observer, Plan
from harness.errors import EnvironmentNotReadyError
from harness.model.fault import Fault, System
from harness.recording import Recording

if TYPE_CHECKING:
    from docker import DockerClient

    from harness.engines.real_time import Listener

PACKAGES = ("docker", "toxiproxy", "yaml")
NOT_INSTALLED = (
    "what containers need is not installed: ./lab images build installs it and makes the images"
)

NO_REPOSITORY = "containers and tests need the repository: clone it and use its ./lab"


def lacking() -> str | None:
    """Say in one line that this part of the lock is not installed; None if it is."""
    if not catalogue.IS_CHECKOUT:
        return NO_REPOSITORY
    return None if all(map(find_spec, PACKAGES)) else NOT_INSTALLED


def part(name: str) -> Any:  # noqa: ANN401 - a module, imported by its name
    """Import a module of the container engine.

    Raises:
        EnvironmentNotReadyError: what it needs is not installed.

    """
    if told := lacking():
        raise EnvironmentNotReadyError(told)
    return importlib.import_module(f"harness.engines.compose.{name}")


def why_not() -> str | None:
    """Say in one line why labs cannot run on containers here and what fixes it; None if they can.

    Answers within a second when there is no engine.
    """
    said: str | None = lacking() or part("client").why_not()
    return said


def unreachable() -> str | None:
    """Say in one line why no engine answers; None if one does, even if no lab can run on it."""
    said: str | None = lacking() or part("client").unreachable()
    return said


@contextmanager
def engine() -> Iterator["DockerClient"]:
    """Open a client for as long as the block lasts, in which its errors become one line.

    Raises:
        EnvironmentNotReadyError: no engine answers, or it refused or broke off.

    """
    with part("client").engine() as client:
        yield client


def sweep() -> list[str]:
    """Remove what runs left behind on the engine, and give its names.

    Raises:
        EnvironmentNotReadyError: no engine answers, or it will not remove them.

    """
    removed: list[str] = part("janitor").sweep()
    return removed


class ComposeEngine:
    """Runs a plan on containers of this machine's Docker engine, in real time."""

    name = "compose"
    real_time = True

    def __init__(self, folder: Path, *, keep_prometheus: bool = False) -> None:
        self._engine: Engine = part("engine").ComposeEngine(folder, keep_prometheus=keep_prometheus)

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        """Make the plan happen and record it, as the engine itself does."""
        return self._engine.run(plan, conduct, observer)


class StoppableRun:
    """One run that somebody listens to, in a thread of its own, and that another may stop."""

    def __init__(self, plan: Plan, conduct: Conductor, listener: "Listener") -> None:
        self._stop = part("interrupts").Stop()
        self._plan, self._conduct, self._listener = plan, conduct, listener

    def record(self, folder: Path) -> Recording:
        """Make the plan happen and record it; logs stay in the folder.

        Raises:
            ChaoslabError: the run could not take place or cannot be trusted; nothing is left.
            KeyboardInterrupt: it was stopped; nothing is left.

        """
        engine: Engine = part("engine").ComposeEngine(
            folder, listener=self._listener, stop=self._stop
        )
        return engine.run(self._plan, self._conduct, self._listener)

    def stop(self) -> None:
        """End it at once, from whichever thread."""
        self._stop.ask()


async def refuse_beside(plan: Plan, there: Iterable[Fault], fault: Fault) -> None:
    """Refuse a fault that containers cannot have, or not while others are there.

    Raises:
        LabError: it is such a one.

    """
    system: System = part("cannot").Rehearsal(plan)
    for one in there:
        await one.apply(system)
    await fault.apply(system)


def refuse(plan: Plan) -> None:
    """Refuse what containers cannot do.

    Raises:
        LabError: the plan needs it, or its lab is for the simulator alone.

    """
    asyncio.run(part("cannot").rehearse(plan))
