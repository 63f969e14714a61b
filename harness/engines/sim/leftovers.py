"""A run's end: its connections are cut, and what it may not leave behind is looked for."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from functools import partial

from harness.engines.sim.hosts import Host
from harness.engines.sim.link import SimLink
from harness.engines.sim.process import Process, ProcessState
from harness.engines.sim.stub import Stub
from harness.model.fault import Clock, Connects, HostState


def disconnect(links: Iterable[SimLink], processes: Collection[Process]) -> None:
    """End every connection, also where an assertion says that another one was broken."""
    ends: list[Callable[[], None]] = [pipe.sever for link in links for pipe in link.pipes]
    ends.append(partial(_bury, processes))
    ends += [end.cut for process in processes for end in process.endpoints]
    with ExitStack() as stack:  # which calls the last one first
        for end in reversed(ends):
            stack.callback(end)


def _bury(processes: Iterable[Process]) -> None:
    for process in processes:
        process.state = ProcessState.DEAD  # whatever of it is still run writes nowhere
        process.listeners.clear()


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


def check_healed(links: Iterable[SimLink], hosts: Iterable[Host]) -> None:
    """See that links and hosts are as they were before the first fault, when all are taken away.

    Raises:
        AssertionError: something is left.

    """
    for link in links:
        assert not link.toxics, f"{link.name} still has {list(link.toxics)}"
        assert link.up, f"{link.name} is still down"
        assert link.connects is Connects.ACCEPTED, f"{link.name}: connects are {link.connects}"
        for pipe in link.pipes:
            assert not (left := pipe.acting()), f"{link.name}, {pipe.stream}: {left} still act"
    for host in hosts:
        machine, state = host.machine, host.state()
        assert state is not HostState.PAUSED, f"{host.name} is still paused"
        changed = machine.cpu_factor != 1 or machine.disk.full or machine.changes
        assert not changed, f"{host.name}: its CPU, disk or settings are not as they were"
        assert machine.clock == Clock(), f"{host.name}: its clock is still wrong"


def check_timers(pending: Iterable[asyncio.TimerHandle]) -> None:
    """See that a run that is closed has left no timer of a toxic.

    Raises:
        AssertionError: it has left some.

    """
    for timer in pending:
        callback = timer._callback  # type: ignore[attr-defined] # noqa: SLF001
        owner = getattr(callback, "__self__", None)
        assert not isinstance(owner, Stub), f"{callback.__qualname__} is still to be called"
