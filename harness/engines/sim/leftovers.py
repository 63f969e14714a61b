"""What a run that is closed may not leave behind: connections, listeners, timers."""

import asyncio
from collections.abc import Iterable

from harness.engines.sim.link import SimLink
from harness.engines.sim.machine import Core
from harness.engines.sim.process import Process
from harness.engines.sim.stub import Stub


def check_closed(processes: Iterable[Process], links: Iterable[SimLink]) -> None:
    """See that a run that is closed has left no connection and no listener.

    Raises:
        AssertionError: it has left some.

    """
    for process in processes:
        assert not process.listeners, f"{process.label} still listens on {list(process.listeners)}"
        open_ends = [end for end in process.endpoints if not end.is_closing()]
        assert not open_ends, f"{process.label} has {len(open_ends)} open connections"
    for link in links:
        assert not link.pipes, f"{link.name} still carries {len(link.pipes)} streams"


def check_timers(pending: Iterable[asyncio.TimerHandle]) -> None:
    """See that a run that is closed has left no timer of a toxic, nor of a core at work.

    Raises:
        AssertionError: it has left some.

    """
    for timer in pending:
        callback = timer._callback  # type: ignore[attr-defined] # noqa: SLF001
        owner = getattr(callback, "__self__", None)
        assert not isinstance(owner, Stub | Core), f"{callback.__qualname__} is still to be called"
