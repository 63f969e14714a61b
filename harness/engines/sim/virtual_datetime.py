"""`datetime` and `date` as libraries see them while a simulation runs: with the host's wall clock.

C code asks for the real classes, so all that is made is of those; the stand-ins are only called.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from harness.engines.sim.process import PROCESS
from harness.engines.sim.readings import wall


class InstancesOfReal(type):
    """A class that stands for another, of which all instances are."""

    real: type

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)


def _new(cls: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - a class and its arguments
    """Make an instance of the real class: C code asks for that very class."""
    if "real" in vars(cls):
        return cls.real(*args, **options)
    return cls.real.__new__(cls, *args, **options)


def _now(cls: Any, tz: dt.tzinfo | None = None) -> dt.datetime:  # noqa: ANN401 - a class
    """Read the wall clock; a simulated host is in UTC, as a container is."""
    process = PROCESS.get()
    if process is None:
        moment: dt.datetime = cls.real.now(tz)
        return moment
    moment = cls.real.fromtimestamp(wall(process), dt.UTC)
    return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)


def _utcnow(cls: Any) -> dt.datetime:  # noqa: ANN401 - a class
    return _now(cls, dt.UTC).replace(tzinfo=None)


def _today(cls: Any) -> dt.date:  # noqa: ANN401 - a class
    moment = _now(VIRTUAL_DATETIME)
    return moment.date() if cls.real is REAL_DATE else moment


REAL_DATETIME, REAL_DATE = dt.datetime, dt.date


def _standing_for(real: type, **ways: Callable[..., Any]) -> Any:  # noqa: ANN401 - a class
    space: dict[str, Any] = {name: classmethod(way) for name, way in ways.items()}
    space |= {"__new__": _new, "__module__": "datetime", "real": real, "__slots__": ()}
    return InstancesOfReal(real.__name__, (real,), space)


VIRTUAL_DATETIME = _standing_for(REAL_DATETIME, now=_now, utcnow=_utcnow, today=_today)
VIRTUAL_DATE = _standing_for(REAL_DATE, today=_today)
STANDS_FOR: dict[Any, Any] = {REAL_DATETIME: VIRTUAL_DATETIME, REAL_DATE: VIRTUAL_DATE}


def pickled(moment: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a date or a time
    """Take a date or time apart by the class that its name leads to while that is replaced."""
    made_of: tuple[Any, ...] = moment.__reduce__()
    return (STANDS_FOR[type(moment)], *made_of[1:])


PICKLED: dict[Any, Any] = dict.fromkeys(STANDS_FOR, pickled)
"""What `copyreg.dispatch_table` has to know for as long as the classes are replaced."""
