"""Ends a run whose service computes without end: a callback that never comes back.

A thread looks at the simulation twice a second. It counts CPU time of the simulation's own thread,
so that a busy machine ends nothing, and only while one and the same callback runs. A browser's
Python has no threads; there, only a service that asks for the time without end is found (`loop`).
"""

import importlib
import sys
import time
from collections.abc import Callable
from importlib import _bootstrap
from types import CodeType, FrameType
from typing import Any, Self

from harness.engines.sim.stuck import own_place

LOOK_S = 0.5
CPU_LIMIT_S = 5.0
"""CPU time of one callback after which it is held to be without end; others take milliseconds."""

_IMPORTS = _bootstrap.__spec__.origin, _bootstrap._find_and_load.__code__.co_filename  # type: ignore[attr-defined] # noqa: SLF001


class SpinInterrupt(BaseException):
    """Thrown into a callback that does not end; no `except Exception` stops it."""


def _loaded(name: str) -> Any:  # noqa: ANN401 - a module
    """Import what a browser's Python may lack, by its name."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_threading, _ctypes = _loaded("threading"), _loaded("ctypes")
"""A browser's Python has the first in name only; where the second is missing, nobody interrupts."""


class Watchdog:
    """Watches the thread in which it is entered; `spins` hears where its callback is."""

    def __init__(self, code: CodeType, spins: Callable[[Any, str], None]) -> None:
        self._code = code
        self._spins = spins
        self._over = _threading.Event()
        self._ran = -1
        self._since_s = 0.0

    def __enter__(self) -> Self:
        self._watched = _threading.get_ident()
        self._thread = _threading.Thread(target=self._watch, name="watchdog", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # a browser's Python has no threads
            self._over.set()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._over.is_set():
            self._over.set()
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        frames = stack(sys._current_frames().get(self._watched))  # noqa: SLF001
        runs = next((frame for frame in frames if frame.f_code is self._code), None)
        if runs is None:
            return
        ran, cpu_s = runs.f_locals.get("ran", -1), _cpu_s(self._watched)
        # What imports a large library may take its time.
        if ran != self._ran or any(frame.f_code.co_filename in _IMPORTS for frame in frames):
            self._ran, self._since_s = ran, cpu_s
        elif cpu_s - self._since_s > CPU_LIMIT_S:
            self._since_s += CPU_LIMIT_S / 2  # for what is thrown to take effect
            inner = frames[: frames.index(runs)]
            self._spins(runs.f_locals.get("handle"), own_place(inner))
            _throw(self._watched)


def stack(frame: FrameType | None) -> list[FrameType]:
    """List a stack, the innermost frame first."""
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _cpu_s(thread: int) -> float:
    clock: Any = getattr(time, "pthread_getcpuclockid", None)
    return time.clock_gettime(clock(thread)) if clock else time.process_time()


def _throw(thread: int) -> None:
    if _ctypes is None:
        return
    throw = _ctypes.pythonapi.PyThreadState_SetAsyncExc
    throw(_ctypes.c_ulong(thread), _ctypes.py_object(SpinInterrupt))
