"""What is said of a simulation that cannot go on: who waits, and where, in one line."""

import asyncio
import gc
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

from harness.engines.sim import own_modules

KERNEL = "harness.engines.sim."
"""Modules whose assertions are about the simulator itself."""

PLUMBING = {
    *("services.clock", "services.context", "services.guarding", "services.incoming"),
    *("services.outgoing", "services.server", "services.stores"),
}
"""Modules of ours through which every request, or every look at a clock, goes."""

LINE_LIMIT = 600
PLACES_LIMIT = 3


class Place(NamedTuple):
    """Where a host is: in its own code, as far as that is known, and then in a library's."""

    foreign: bool
    text: str


def line(places: Iterable[tuple[str, Place]]) -> str:
    """Tell for each host where it is, own code first, cut to a line that can be read."""
    hosts: dict[str, Counter[Place]] = defaultdict(Counter)
    for host, place in places:
        hosts[host][place] += 1
    text = "; ".join(f"{host}: {_some(hosts[host])}" for host in sorted(hosts))
    return text if len(text) <= LINE_LIMIT else f"{text[: LINE_LIMIT - 2]} …"


def _some(found: Counter[Place]) -> str:
    ordered = sorted(found.items())
    told = [place.text + (f" x {count}" if count > 1 else "") for place, count in ordered]
    more = len(told) - PLACES_LIMIT
    return ", ".join(told[:PLACES_LIMIT]) + (f" and {more} more" if more > 0 else "")


def place_of(task: asyncio.Task[Any]) -> Place:
    """Find where a task waits: the innermost line of a service's or lab's code, if it has one."""
    frames = list(_frames(task.get_coro()))
    own = [frame for frame in frames if is_own(frame)]
    return _place((own or frames)[-1]) if frames else Place(foreign=True, text=repr(task))


def place_of_callback(callback: object) -> Place:
    """Find where a callback that is about to run leads."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return place_of(owner)
    name = getattr(callback, "__qualname__", type(callback).__name__)
    module = str(getattr(callback, "__module__", ""))
    return Place(foreign=not own_modules.is_own(module), text=f"{name} ({module})")


def own_place(frames: Sequence[FrameType]) -> str:
    """Name the innermost line of a service's or lab's code on a stack, or of any if it has none."""
    found = next((frame for frame in frames if is_own(frame)), frames[0] if frames else None)
    return _place(found).text if found else "?"


def is_own(frame: FrameType) -> bool:
    """Say whether a line is a service's or a lab's."""
    name = str(frame.f_globals.get("__name__", ""))
    return own_modules.is_own(name) and name not in PLUMBING


def is_of_kernel(error: BaseException) -> bool:
    """Say whether the innermost line that an error has come from is the simulator's."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and str(frames[-1].f_globals.get("__name__", "")).startswith(KERNEL)


def _place(frame: FrameType) -> Place:
    module = frame.f_globals.get("__name__", "?")
    text = f"{frame.f_code.co_qualname} ({module}:{frame.f_lineno})"
    return Place(foreign=not is_own(frame), text=text)


def _frames(coroutine: Any) -> Iterator[FrameType]:  # noqa: ANN401 - whatever can be awaited
    while coroutine is not None:
        frame = _one_of(coroutine, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            yield frame
        coroutine = _one_of(coroutine, "cr_await", "gi_yieldfrom", "ag_await")
        if type(coroutine).__name__ == "async_generator_asend":
            # A step of an asynchronous generator names it to the garbage collector alone.
            referred = gc.get_referents(coroutine)
            coroutine = next((one for one in referred if hasattr(one, "ag_frame")), None)


def _one_of(coroutine: object, *names: str) -> Any:  # noqa: ANN401 - as above
    found = (getattr(coroutine, name, None) for name in names)
    return next((value for value in found if value is not None), None)
