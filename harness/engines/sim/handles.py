"""Handles without what asyncio's keep for debugging: a request takes some twenty of them."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any


class Handle(asyncio.Handle):
    """A callback that waits for its turn, or, once cancelled, for being passed over.

    The loop makes it and its timers attribute by attribute: a call of `__init__` would take as long
    as all the rest.
    """

    __slots__ = ()

    _callback: Callable[..., object]
    _args: tuple[Any, ...]
    _context: Context

    # What the base class prints.
    _repr = None
    _source_traceback = None

    def cancel(self) -> None:
        """See to it that the callback is not run."""
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]


class Timer(asyncio.TimerHandle):
    """A callback that waits for a virtual time; `set_s` is when it was set, to tell how long."""

    __slots__ = ("set_s",)

    set_s: float

    _when: float
    _callback: Callable[..., object]
    _args: tuple[Any, ...]
    _context: Context

    _repr = None
    _source_traceback = None

    def cancel(self) -> None:
        """See to it that the callback is not run; the loop passes it over when its time comes."""
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]
