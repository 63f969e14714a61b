"""Handles without what asyncio's keep for debugging: a request takes some twenty of them."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any


class Handle(asyncio.Handle):
    """A callback that waits for its turn, or, once cancelled, for being passed over."""

    __slots__ = ()

    # What the base class prints.
    _repr = None
    _source_traceback = None

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self._callback = callback
        self._args = args
        # Not `or`: a context in which nothing is set is false.
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        """See to it that the callback is not run."""
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]


class Timer(asyncio.TimerHandle):
    """A callback that waits for a virtual time; `set_s` is when it was set, to tell how long."""

    __slots__ = ("set_s",)

    set_s: float

    _repr = None
    _source_traceback = None

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None,
    ) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        """See to it that the callback is not run; the loop passes it over when its time comes."""
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]
