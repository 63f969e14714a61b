"""What a simulated process gets where the standard library reads the machine's clock or dice.

Libraries read time and chance as they please: `time.monotonic()`, a default `timer=monotonic`, a
cell of a closure. While a simulation runs, each such function is replaced wherever a module holds
it (`holders.py`). Called from a simulated process, it gives virtual time, the host's wall clock,
or the process's own seeded generator; called by anybody else, it does what it always did.

What a process has no equivalent of is refused, with the name of the library that asked for it.
"""

import asyncio
import calendar
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from types import BuiltinMethodType, MethodType
from typing import Any, NoReturn

from harness.engines.sim.process import PROCESS, Process
from harness.engines.sim.readings import dice, now, refuse, wall
from harness.engines.sim.virtual_datetime import STANDS_FOR, InstancesOfReal

NS = 1_000_000_000
UUID_EPOCH_STEPS = 0x01B21DD213814000
"""From 1582-10-15 to 1970, in the steps of 100 ns that a UUID of version 1 counts (RFC 4122)."""

CPU_TIME = "the CPU time of a simulated process is not known; use the loop's time()"
NO_SLEEP = "it would stop all hosts; use what awaits asyncio.sleep(s)"
NO_UUID = "use uuid1 or uuid4"
NO_THREAD = "a simulated host has no threads"
NO_PROCESS = "a simulated host is one process; make the other a service of the lab"
NUMPY = "use numpy.random.default_rng(ctx.rng.getrandbits(64))"

_CPU_CLOCKS = {
    getattr(time, name, None) for name in ("CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID")
}


class Virtual:
    """A function of the standard library that knows what to do in a simulated process.

    An instance and no function, as built-in functions are: neither becomes a method in a class.
    """

    def __init__(self, module: str, name: str, real: Any, virtual: Callable[..., Any]) -> None:  # noqa: ANN401
        self.__module__ = module
        self.__name__ = self.__qualname__ = name
        self.__doc__ = getattr(real, "__doc__", None)
        self.__wrapped__ = real
        self._virtual = virtual

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the real one
        """Do as the process has it that calls."""
        process = PROCESS.get()
        if process is None:
            return self.__wrapped__(*args, **options)
        return self._virtual(process, *args, **options)

    def __reduce__(self) -> str:
        """Let it be copied and pickled by its name, as functions are."""
        return self.__name__

    def __repr__(self) -> str:
        return f"<simulated {self.__module__}.{self.__name__}>"


class LibraryDice(random.Random):
    """A generator that a module keeps: each process has its own, drawn from the run's seed."""

    def __init__(self, real: random.Random, name: str) -> None:
        self._real = real
        self._name = name

    def _own(self) -> random.Random:
        process = PROCESS.get()
        return self._real if process is None else dice(process, self._name)

    def random(self) -> float:
        """Draw from 0 to 1."""
        return self._own().random()

    def getrandbits(self, k: int, /) -> int:
        """Draw so many bits."""
        return self._own().getrandbits(k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Draw from a normal distribution, of which a generator draws two and keeps one."""
        return self._own().gauss(mu, sigma)

    def seed(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as the real one
        """Seed the process's own."""
        self._own().seed(*args, **options)

    def getstate(self) -> tuple[Any, ...]:
        """Give the state of the process's own."""
        return self._own().getstate()

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Set the state of the process's own."""
        self._own().setstate(state)


_real_seed = random.Random.seed


def seed(self: random.Random, a: Any = None, *args: Any, **options: Any) -> None:  # noqa: ANN401
    """Seed a generator, one without a seed from the process's own: `random.Random.seed`."""
    if a is None and (process := PROCESS.get()):
        a = dice(process, "seeds").getrandbits(256)
    _real_seed(self, a, *args, **options)


def _gettime(process: Process, clock: int) -> float:
    if clock in _CPU_CLOCKS:
        refuse("time.clock_gettime()", CPU_TIME)
    return wall(process) if clock == time.CLOCK_REALTIME else now(process)


def _whole(read: Callable[..., float]) -> Callable[..., int]:
    return lambda process, *args: round(read(process, *args) * NS)


def _clock() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give the functions of `time`; those that only format take the host's time, in UTC."""
    gmtime, strftime, asctime = time.gmtime, time.strftime, time.asctime

    def moment(process: Process, seconds: float | None = None) -> time.struct_time:
        return gmtime(wall(process) if seconds is None else seconds)

    yield from (("time", wall), ("monotonic", now), ("perf_counter", now))
    yield from (("clock_gettime", _gettime), ("clock_gettime_ns", _whole(_gettime)))
    for name, read in (("time", wall), ("monotonic", now), ("perf_counter", now)):
        yield f"{name}_ns", _whole(read)
    yield from (("gmtime", moment), ("localtime", moment))
    yield "mktime", lambda _, parts: float(calendar.timegm(parts))
    yield "ctime", lambda process, *seconds: asctime(moment(process, *seconds))
    yield "asctime", lambda process, *parts: asctime(*(parts or (moment(process),)))
    yield (
        "strftime",
        lambda process, text, *parts: strftime(text, *(parts or (moment(process),))),
    )


_REFUSED = {
    "time": {
        **dict.fromkeys(
            ("process_time", "process_time_ns", "thread_time", "thread_time_ns"), CPU_TIME
        ),
        "sleep": NO_SLEEP,
    },
    "os": {"times": CPU_TIME, **dict.fromkeys(("fork", "forkpty", "posix_spawn"), NO_PROCESS)},
    "_thread": dict.fromkeys(("start_new_thread", "start_joinable_thread"), NO_THREAD),
    "uuid": dict.fromkeys(("uuid6", "uuid7"), NO_UUID),
    "_posixsubprocess": {"fork_exec": NO_PROCESS},
}


def _node(process: Process) -> int:
    """Give a made-up network address, the same for as long as the process lives."""
    return random.Random(f"{process.seed}/{process.label}/node").getrandbits(48) | 1 << 40


def _uuid1(process: Process, node: int | None = None, clock: int | None = None) -> uuid.UUID:
    """Make a UUID of time and place; a second one of the same instant is one step later."""
    steps = round(wall(process) * NS) // 100 + UUID_EPOCH_STEPS
    process.uuid_steps = steps = max(steps, process.uuid_steps + 1)
    clock = dice(process, "uuid1").getrandbits(14) if clock is None else clock
    low, middle, high = steps & 0xFFFFFFFF, steps >> 32 & 0xFFFF, steps >> 48 & 0xFFF
    parts = (
        low,
        middle,
        high,
        clock >> 8 & 0x3F,
        clock & 0xFF,
        _node(process) if node is None else node,
    )
    return uuid.UUID(fields=parts, version=1)


def _ways() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Give module, name and way of everything that is read otherwise in a simulated process."""
    for name, way in _clock():
        yield "time", name, way
    for module, name in (("os", "urandom"), ("os", "getrandom"), ("ssl", "RAND_bytes")):
        yield module, name, lambda process, size, *_: dice(process).randbytes(size)
    for name in _methods(random, random._inst):  # noqa: SLF001
        yield "random", name, _drawn(name)
    yield from (("uuid", "uuid1", _uuid1), ("uuid", "getnode", _node))
    yield "asyncio.tasks", "all_tasks", _all_tasks
    for module, names in _REFUSED.items():
        for name, instead in names.items():
            yield module, name, _refused(f"{module}.{name}()", instead)
    numpy = sys.modules.get("numpy.random.mtrand")
    for name in _methods(numpy, getattr(numpy, "_rand", None)) if numpy else ():
        yield "numpy.random", name, _refused(f"numpy.random.{name}()", NUMPY)


def _methods(module: object, owner: object) -> list[str]:
    """Name what a module gives as functions and are methods of one object."""
    return [name for name, value in vars(module).items() if _owner(value) is owner]


def _owner(value: object) -> object:
    return getattr(value, "__self__", None) if type(value) in _BOUND else None


_BOUND = (MethodType, BuiltinMethodType)


def _drawn(name: str) -> Callable[..., Any]:
    return lambda process, *args, **options: getattr(dice(process), name)(*args, **options)


def _refused(call: str, instead: str) -> Callable[..., NoReturn]:
    def refused(*_: object, **__: object) -> NoReturn:
        refuse(call, instead)

    return refused


def _all_tasks(process: Process, loop: Any = None) -> set[asyncio.Task[Any]]:  # noqa: ANN401
    """Give the tasks of the process that asks, and not those of the other hosts."""
    of: Any = loop or asyncio.get_running_loop()
    tasks: set[asyncio.Task[Any]] = of.tasks_of(process)
    return tasks


class StandIns:
    """What stands for what, as far as its modules have been loaded."""

    def __init__(self) -> None:
        self._by_id: dict[int, Virtual] = {}
        self._drawing: dict[str, Virtual] = {}

    def extend(self) -> None:
        """Take in modules that were loaded since."""
        for module, name, way in _ways():
            real = getattr(sys.modules.get(module), name, None)
            if real is not None and type(real) is not Virtual and id(real) not in self._by_id:
                virtual = Virtual(module, name, real, way)
                self._by_id[id(real)] = virtual
                if module == "random":
                    self._drawing[name] = virtual

    def of(self, value: object, where: str) -> object | None:
        """Give what stands for a value that is found somewhere; None for nearly all there is."""
        if stands := self._by_id.get(id(value)):
            return stands
        kind = type(value)
        if kind in _BOUND:
            return self._of_method(value)
        if kind is type:
            return STANDS_FOR.get(value)
        if kind is random.Random and value is not random._inst:  # noqa: SLF001
            return LibraryDice(value, where)  # type: ignore[arg-type]
        return None

    def _of_method(self, value: Any) -> object | None:  # noqa: ANN401 - a bound method
        if stands := STANDS_FOR.get(_hashed(value.__self__)):
            return getattr(stands, value.__name__) if value.__name__ in vars(stands) else None
        if value.__self__ is random._inst:  # noqa: SLF001
            return self._drawing.get(value.__name__)
        return None


def _hashed(owner: object) -> object:
    """Give a method's owner if it is a class: nothing else may be looked up."""
    return owner if type(owner) is type else None


def real_of(value: object) -> object:
    """Give what a value stands for, or itself."""
    if type(value) is Virtual:
        return value.__wrapped__
    return value.real if type(value) is InstancesOfReal else value
