"""What is due next in a run, read off the timers that are set; reading them changes nothing.

A timer's callback tells what it is for: whose time limit, which link's bytes, whose sleep. Timers
of bookkeeping, such as a client's search for connections to close, are left out.
"""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiohttp.web_protocol import RequestHandler

from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.handles import Timer
from harness.engines.sim.hosts import Host
from harness.engines.sim.link import SimLink
from harness.engines.sim.load import SimLoad
from harness.engines.sim.machine import Core
from harness.engines.sim.process import PROCESS, Process, ProcessState
from harness.engines.sim.stub import Stub
from harness.engines.sim.stuck import place_of, place_of_callback
from harness.model.lab import CLIENT
from services.tracing import CURRENT, is_background


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """An event that is due: when, at which host or link, and what it is in words.

    `where` names the code that waits for it, if it is a service's; `held` ones do not run while
    their host is frozen. It was set `after_s` before, None where that says nothing. Of events that
    are alike, `count` in all, this is the first.
    """

    at_s: float
    place: str
    said: str
    where: str = ""
    after_s: float | None = None
    held: bool = False
    count: int = 1


def upcoming(timers: list[Timer], load: SimLoad, start_s: float) -> Iterator[Upcoming]:
    """Tell what timers are for, in their order; `start_s` is the loop's time of the run's 0 s."""
    for timer in timers:
        if timer.when() == math.inf:
            continue
        process = timer._context.get(PROCESS)  # noqa: SLF001
        if process is not None and process.state is ProcessState.DEAD:
            continue
        found = _told(timer, process, load)
        if found is not None:
            held = process is not None and process.state is ProcessState.PAUSED
            yield Upcoming(
                at_s=max(0.0, timer.when() - start_s),
                place=found.place,
                said=found.said,
                where=found.where,
                after_s=timer.when() - timer.set_s if found.waits else None,
                held=held,
            )


class Told(NamedTuple):
    """A place, what happens there, the code that waits, and whether it does so for a set time."""

    place: str
    said: str
    where: str = ""
    waits: bool = False


def _told(timer: Timer, process: Process | None, load: SimLoad) -> Told | None:
    callback: Any = timer._callback  # noqa: SLF001
    owner = getattr(callback, "__self__", None)
    for kind, tell in OWNERS:
        if isinstance(owner, kind):
            return tell(owner, callback.__name__, process, timer)
    if process is None:
        return None
    if callback.__module__ == SimLoad.__module__:
        arrival = load.next_arrival()
        return Told(arrival.to, f"the load sends a request to {arrival.to}") if arrival else None
    waiter = _waiter(timer)
    if waiter is None:
        place = place_of_callback(callback)
        does = f"{process.host} goes on by itself"
        return None if place.foreign else Told(process.host, does, place.text)
    place = place_of(waiter)
    where = "" if place.foreign else place.text
    does = "goes on with a request" if _serves(timer) else "wakes by itself"
    return Told(process.host, f"{process.host} {does}", where, waits=True)


def _serves(timer: Timer) -> bool:
    """Say whether a timer was set for a request, and not by a service of its own accord."""
    span = timer._context.get(CURRENT)  # noqa: SLF001
    return span is not None and not is_background(span.trace)


def _waiter(timer: Timer) -> asyncio.Task[Any] | None:
    """Find the task that waits for the future which a timer is to resolve."""
    args: Any = timer._args  # noqa: SLF001
    future = args[0] if args else None
    waiting = getattr(future, "_callbacks", None) or ()
    owners = (getattr(callback, "__self__", None) for callback, _ in waiting)
    return next((one for one in owners if isinstance(one, asyncio.Task)), None)


def _limit(limit: asyncio.Timeout, _: str, process: Process | None, timer: Timer) -> Told | None:
    """Tell of a time limit: it ends, unless what it bounds ends first."""
    if process is None:
        return None
    lasts = _span(timer.when() - timer.set_s)
    if process.host == CLIENT:
        return Told(CLIENT, f"a client gives up on its request, after {lasts}")
    task: asyncio.Task[Any] | None = getattr(limit, "_task", None)
    place = place_of(task) if task is not None else None
    where = "" if place is None or place.foreign else place.text
    return Told(process.host, f"{process.host}'s time limit of {lasts} ends", where)


def _socket(end: Endpoint, does: str, _: Process | None, __: Timer) -> Told:
    host = end._process.host  # noqa: SLF001
    pipe = end.inbound
    what = "a request" if pipe.stream == "upstream" else "an answer"
    words = {"arrive": f"bytes of {what} arrive", "arrive_reset": "a reset arrives"}
    return Told(pipe.link, f"{words.get(does, 'the end of a connection arrives')} at {host}")


def _toxic(stub: Stub, _: str, __: Process | None, ___: Timer) -> Told:
    outlet: Any = stub
    while isinstance(outlet, Stub):
        outlet = outlet.outlet
    return Told(outlet.link, f"the fault on {outlet.link} lets go of what it holds")


def _host(host: Host, does: str, _: Process | None, __: Timer) -> Told:
    what = "starts again" if does == "_come_back" else "is killed if it has not stopped by itself"
    return Told(host.name, f"{host.name} {what}")


def _core(core: Core, _: str, __: Process | None, ___: Timer) -> Told:
    return Told(core.host, f"{core.host}'s CPU is done with what it works on")


def _dial(link: SimLink, _: str, __: Process | None, ___: Timer) -> Told:
    return Told(link.name, f"{link.callee} is dialled again on {link.name}: its queue was full")


def _idle(_: object, does: str, process: Process | None, __: Timer) -> Told | None:
    if process is None or does != "_process_keepalive":
        return None
    return Told(process.host, f"{process.host} closes a connection that nobody uses")


OWNERS: tuple[tuple[type[Any], Callable[..., Told | None]], ...] = (
    (asyncio.Timeout, _limit),
    (Endpoint, _socket),
    (Stub, _toxic),
    (Host, _host),
    (Core, _core),
    (SimLink, _dial),
    (RequestHandler, _idle),
)
"""What a timer's callback may be a method of, and who tells what it is for."""


def _span(seconds: float) -> str:
    """Write a time as it was meant, which sums of floats miss by little: 500 ms, 1.5 s."""
    meant_s = round(seconds, 6)
    return f"{meant_s:.4g} s" if meant_s >= 1 else f"{1000 * meant_s:.4g} ms"
