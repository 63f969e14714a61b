"""What a service may not touch in the simulation: the machine's clock, dice, files, threads.

While a simulation runs, the modules of services and labs see stand-ins for these names, which
refuse what a simulated process asks of them. Libraries see others, which give them virtual time and
seeded dice (`time_and_chance.py`); so does what a service's module imports inside a function, which
ruff's banned-api rule finds before.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, NoReturn, Self

from harness.engines.sim import own_modules
from harness.engines.sim.holders import HOLDERS
from harness.engines.sim.process import PROCESS
from harness.engines.sim.time_and_chance import real_of
from harness.engines.sim.unordered import ADVICE, hashes_are_drawn, in_service
from harness.errors import LabError

WALL = "use ctx.wall()"
NOW = "use asyncio.get_running_loop().time() or ctx.now()"
DICE = "use ctx.rng"
DISK = "use ctx.volume"
THREADS = "a simulated host has no threads; use asyncio, and ctx.work(ms) for what takes CPU"
SOCKETS = "a simulated host has no sockets; use ctx.call(callee) or asyncio.open_connection"
PROCESSES = "a simulated host is one process; make the other a service of the lab"
SIGNALS = "a simulated host has no signals; clean up in the application's on_cleanup"
SLEEP = "use await asyncio.sleep(s) to wait, await ctx.work(ms) to be busy"

EVERYTHING = "*"
Instead = Mapping[str, str]

MODULES: Mapping[str, Instead] = {
    "time": {
        **dict.fromkeys(("time", "time_ns", "localtime", "gmtime", "ctime", "strftime"), WALL),
        **dict.fromkeys(("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"), NOW),
        **dict.fromkeys(("process_time", "process_time_ns", "thread_time", "thread_time_ns"), NOW),
        "sleep": SLEEP,
    },
    "datetime": {},
    "datetime.datetime": dict.fromkeys(("now", "utcnow", "today"), WALL),
    "datetime.date": {"today": WALL},
    "random": dict.fromkeys(
        (
            "betavariate", "choice", "choices", "expovariate", "gammavariate", "gauss",
            "getrandbits", "lognormvariate", "normalvariate", "paretovariate", "randbytes",
            "randint", "random", "randrange", "sample", "seed", "shuffle", "triangular",
            "uniform", "vonmisesvariate", "weibullvariate", "SystemRandom",
        ),
        DICE,
    ),
    "secrets": {EVERYTHING: DICE},
    "uuid": dict.fromkeys(("uuid1", "uuid4"), DICE),
    "os": {
        "urandom": DICE,
        **dict.fromkeys(("open", "mkdir", "makedirs", "remove", "rename", "replace"), DISK),
        **dict.fromkeys(("fork", "system", "popen", "kill"), PROCESSES),
        "_exit": "use await ctx.exit(code)",
    },
    "io": {"open": DISK},
    "pathlib": {"Path": DISK},
    "shutil": {EVERYTHING: DISK},
    "tempfile": {EVERYTHING: DISK},
    "threading": {EVERYTHING: THREADS},
    "_thread": {EVERYTHING: THREADS},
    "concurrent": {},
    "concurrent.futures": {EVERYTHING: THREADS},
    "multiprocessing": {EVERYTHING: PROCESSES},
    "subprocess": {EVERYTHING: PROCESSES},
    "signal": {EVERYTHING: SIGNALS},
    "socket": {EVERYTHING: SOCKETS},
    "select": {EVERYTHING: SOCKETS},
}  # fmt: skip
"""What is refused of each module or class, by name, and the way to do it."""

Refuse = Callable[[str, str], NoReturn]
_MISSING = object()


class _StandIn:
    """A module, class or function of which simulated processes may not use everything."""

    def __init__(self, real: Any, name: str, refuse: Refuse, instead: Instead | str) -> None:  # noqa: ANN401
        self.real = real
        self._name = name
        self._refuse = refuse
        self._instead = instead

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        value = getattr(self.real, name)
        full = f"{self._name}.{name}"
        if full in MODULES:
            return _StandIn(value, full, self._refuse, MODULES[full])
        ways = self._instead
        instead = ways if isinstance(ways, str) else ways.get(name) or ways.get(EVERYTHING)
        if instead is None or not _is_refusable(value):
            return value
        return _StandIn(value, full, self._refuse, instead)

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        if isinstance(self._instead, str) and PROCESS.get() is not None:
            self._refuse(f"{self._name}()", self._instead)
        return self.real(*args, **options)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self.real)

    def __or__(self, other: Any) -> Any:  # noqa: ANN401 - in annotations
        return self.real | other


class Guard:
    """Lets modules of services and labs see the stand-ins, from `watch` on until it is left."""

    def __init__(self, refuse: Refuse) -> None:
        self._stand_ins = {id(real_of(one.real)): one for one in _stand_ins(refuse)}
        self._files = _StandIn(open, "open", refuse, DISK)
        self._changed: list[tuple[dict[str, Any], str, object]] = []
        self._watched: set[str] = set()

    def __enter__(self) -> Self:
        HOLDERS.install()
        self.watch()
        return self

    def __exit__(self, *_: object) -> None:
        for space, name, value in self._changed:
            if value is _MISSING:
                del space[name]
            else:
                space[name] = value
        HOLDERS.remove()

    def watch(self) -> None:
        """Take in what was imported since."""
        HOLDERS.extend()
        # A copy: another thread may import meanwhile, as the live display does.
        for module, loaded in sys.modules.copy().items():
            if module in self._watched or not own_modules.is_own(module):
                continue
            self._watched.add(module)
            space = vars(loaded)
            for name, value in list(space.items()):
                if stand_in := self._stand_ins.get(id(real_of(value))):
                    self._put(space, name, stand_in)
            if "open" not in space:
                self._put(space, "open", self._files)

    def _put(self, space: dict[str, Any], name: str, stand_in: _StandIn) -> None:
        self._changed.append((space, name, space.get(name, _MISSING)))
        space[name] = stand_in


def refuse_drawn_order(module: ModuleType) -> None:
    """See to it that a service is the same in each process, though texts are hashed otherwise.

    Raises:
        LabError: it goes through a set, and this interpreter was started without PYTHONHASHSEED=0.

    """
    if hashes_are_drawn() and (place := in_service(module, own_modules.is_own)):
        raise LabError(f"{place} {ADVICE}")


def _stand_ins(refuse: Refuse) -> Iterator[_StandIn]:
    for name, instead in MODULES.items():
        real = _loaded(name)
        if real is None:
            continue
        yield _StandIn(real, name, refuse, instead)
        if isinstance(real, ModuleType):
            for attribute, value in vars(real).items():
                way = instead.get(attribute) or _own_way(name, value, instead)
                if way and _is_refusable(value):
                    yield _StandIn(value, f"{name}.{attribute}", refuse, way)


def _own_way(module: str, value: object, instead: Instead) -> str | None:
    """Give the way for what a module defines, and not for what it has imported itself."""
    home = str(getattr(value, "__module__", "")).lstrip("_")
    return instead.get(EVERYTHING) if home.startswith(module) else None


def _is_refusable(value: object) -> bool:
    """Say whether it can be called; errors cannot stand in for themselves in an `except`."""
    return callable(value) and not (isinstance(value, type) and issubclass(value, BaseException))


def _loaded(name: str) -> Any:  # noqa: ANN401
    """Find a module that is loaded, or a class in one; a service cannot have named another."""
    if name in sys.modules:
        return sys.modules[name]
    module, _, attribute = name.rpartition(".")
    return getattr(sys.modules.get(module), attribute, None)
