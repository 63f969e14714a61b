"""What a library reads in a simulated process: virtual time, the host's clock, seeded dice."""

import copy
import datetime as dt
import inspect
import pickle
import random
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.conductor import conductor
from harness.engines.sim.endings import ForbiddenError
from harness.engines.sim.holders import HOLDERS
from harness.engines.sim.process import EPOCH_S
from harness.model import ClockSkew, Service, during
from tests.support import At, application, lab, probe, run

AT_S = 2.5

HOLDING = {
    "as a module's attribute": "def read(*args): return {call}(*args)",
    "by its own name": "from {module} import {name} as taken\ndef read(*args): return taken(*args)",
    "imported within": "def read(*args):\n    from {module} import {name} as it\n"
    "    return it(*args)",
    "as a default": "def read(*args, how={call}): return how(*args)",
    "as a keyword's default": "def read(*args, **o):\n    return act(*args)\n"
    "def act(*args, how={call}): return how(*args)",
    "as an attribute of a class": "class Clock:\n    taken = {call}\n"
    "def read(*args): return Clock().taken(*args)",
    "as a static method": "class Clock:\n    taken = staticmethod({call})\n"
    "def read(*args): return Clock.taken(*args)",
    "as a default of a method": "class Clock:\n    def act(self, *args, how={call}):\n"
    "        return how(*args)\ndef read(*args): return Clock().act(*args)",
    "in an object": "class Clock:\n    def __init__(self, how): self.how = how\n"
    "clock = Clock({call})\ndef read(*args): return clock.how(*args)",
    "in a closure": "def make(how):\n    return lambda *args: how(*args)\nread = make({call})",
    "in a decorated function": "import functools\ndef deco(f):\n    @functools.wraps(f)\n"
    "    def inner(*args): return f(*args)\n    return inner\n"
    "@deco\ndef read(*args, how={call}): return how(*args)",
    "in a partial": "import functools\npartial = functools.partial({call})\n"
    "def read(*args): return partial(*args)",
    "in a dictionary": "clocks = {{'it': {call}}}\ndef read(*args): return clocks['it'](*args)",
    "in a list of a class": "class Clock:\n    all = [({call},)]\n"
    "def read(*args): return Clock.all[0][0](*args)",
    "in a dataclass": "import dataclasses\n@dataclasses.dataclass\nclass Event:\n"
    "    at: object = dataclasses.field(default_factory={call})\n"
    "def read(*args): return Event().at",
    "under a class of classes": "import abc\nclass Clock(abc.ABC):\n"
    "    def act(self, *args, how={call}): return how(*args)\n"
    "def read(*args): return Clock().act(*args)",
}
"""Ways in which libraries come to call a function of the standard library."""

WALL, NOW = EPOCH_S + AT_S, AT_S
MOMENT = dt.datetime(2026, 1, 1, 0, 0, 2, 500_000)  # noqa: DTZ001 - as `now()` gives it

CLOCKS: dict[str, Any] = {
    "time.time": WALL,
    "time.time_ns": WALL * 1e9,
    "time.monotonic": NOW,
    "time.monotonic_ns": NOW * 1e9,
    "time.perf_counter": NOW,
    "time.perf_counter_ns": NOW * 1e9,
    "time.gmtime": time.gmtime(WALL),
    "time.localtime": time.gmtime(WALL),
    "time.ctime": "Thu Jan  1 00:00:02 2026",
    "time.asctime": "Thu Jan  1 00:00:02 2026",
    "datetime.datetime.now": MOMENT,
    "datetime.datetime.utcnow": MOMENT,
    "datetime.datetime.today": MOMENT,
    "datetime.date.today": dt.date(2026, 1, 1),
}

DRAWS: dict[str, tuple[Any, ...]] = {
    "random.random": (),
    "random.uniform": (1, 2),
    "random.randint": (0, 10**9),
    "random.getrandbits": (64,),
    "random.choices": (range(1000), None),
    "random.randbytes": (16,),
    "os.urandom": (16,),
    "secrets.token_bytes": (16,),
    "secrets.token_hex": (),
    "secrets.randbelow": (10**9,),
    "uuid.uuid4": (),
    "uuid.uuid1": (),
    "ssl.RAND_bytes": (16,),
}
WITHOUT_ARGUMENTS = [name for name, args in DRAWS.items() if not args]


def library(call: str, holding: str, *, imported: str) -> ModuleType:
    """Make a library that calls a function, imported before a run begins or while it goes on."""
    module, _, name = call.rpartition(".")
    of_class = module.count(".") == 1
    if of_class and "from" in HOLDING[holding]:
        text = "taken = {call}\ndef read(*args): return taken(*args)"
    else:
        text = HOLDING[holding]
    source = f"import {module.partition('.')[0]}\n" + text.format(
        call=call, module=module, name=name
    )
    made = ModuleType(f"lib{abs(hash((call, holding, imported)))}")
    exec(source, vars(made))  # noqa: S102 - a library without a file
    return made


def reading(call: str, holding: str, imported: str, *args: Any, seed: int = 0) -> list[Any]:
    """Let a service ask a library twice, at `AT_S`, and give what it was told."""
    made: list[ModuleType] = []
    told: list[Any] = []
    if imported == "before":
        made.append(library(call, holding, imported=imported))
        sys.modules[made[0].__name__] = made[0]

    async def ask(_: web.Request) -> web.Response:
        told.extend(made[0].read(*args) for _ in range(2))
        return web.Response()

    def app(_: object) -> web.Application:
        if not made:
            made.append(library(call, holding, imported=imported))
        return application(ask)

    try:
        recording = run(
            lab(Service("host", app=probe("asking", app)), load=At(to="host", times_s=(AT_S,))),
            seed=seed,
        )
    finally:
        if imported == "before":
            del sys.modules[made[0].__name__]
    assert ([one.status for one in recording.requests], recording.notes) == (["200"], [])
    return told


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(CLOCKS)),
    st.sampled_from(sorted(HOLDING)),
    st.sampled_from(["before", "while it runs"]),
)
def test_no_clock_of_the_machine_is_read(call: str, holding: str, imported: str) -> None:
    """However a library has come by the function, and whenever it was imported."""
    told = reading(call, holding, imported)
    wanted = CLOCKS[call]
    if isinstance(wanted, float):
        assert told == [pytest.approx(wanted, rel=0, abs=2e6 if call[-3:] == "_ns" else 2e-3)] * 2
    elif isinstance(wanted, dt.datetime):
        assert all(abs(one - wanted) < dt.timedelta(seconds=0.01) for one in told)
    else:
        assert told == [wanted] * 2


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(DRAWS)),
    st.sampled_from(sorted(HOLDING)),
    st.sampled_from(["before", "while it runs"]),
)
def test_no_dice_of_the_machine_are_thrown(call: str, holding: str, imported: str) -> None:
    """The same for a seed, others for another seed, and never twice the same."""
    if holding == "in a dataclass" and call not in WITHOUT_ARGUMENTS:
        return
    if holding == "as an attribute of a class" and call[:4] in {"secr", "uuid"}:
        return  # There, a function that is written in Python becomes a method.
    args = tuple(arg for arg in DRAWS[call] if arg is not None)
    told = reading(call, holding, imported, *args)
    assert told[0] != told[1]
    assert reading(call, holding, imported, *args) == told
    assert reading(call, holding, imported, *args, seed=1) != told


@pytest.mark.parametrize(
    "source",
    [
        "import random\ndef read(): return random.Random().random()",
        "import random\nown = random.Random()\ndef read(): return own.random()",
        "import random\nown = random.Random(5)\ndef read(): return own.getrandbits(50)",
        "import random\nown = random.Random()\ndef read(): return own.gauss(0, 1)",
        "import random\nclass A: own = random.Random()\ndef read(): return A.own.randint(0, 999)",
        "import random\ndef read(): return random.SystemRandom().random()",
        "import random\nown = random.SystemRandom()\ndef read(): return own.random()",
        "import random\ndef read():\n    random.seed()\n    return random.random()",
        "import random\nclass A(random.Random): pass\ndef read(): return A().random()",
        "import numpy.random\ndef read(): return numpy.random.default_rng().random()",
    ],
)
@pytest.mark.parametrize("imported", ["before", "while it runs"])
def test_generators_of_libraries_are_seeded(source: str, imported: str) -> None:
    """One that has no seed, one that a module keeps, one of the machine."""
    HOLDING["of its own"] = source.replace("{", "{{").replace("}", "}}")
    try:
        told = reading("random.random", "of its own", imported)
        assert told[0] != told[1]
        assert reading("random.random", "of its own", imported) == told
        own_seed = "Random(5)" in source and imported == "while it runs"
        assert own_seed or reading("random.random", "of its own", imported, seed=1) != told
    finally:
        del HOLDING["of its own"]


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("time.sleep", (0.01,)),
        ("time.process_time", ()),
        ("time.thread_time_ns", ()),
        ("time.clock_gettime", (2,)),
        ("os.times", ()),
        ("os.fork", ()),
        ("_thread.start_new_thread", (print, ())),
        ("numpy.random.random", ()),
        ("numpy.random.randint", (5,)),
    ],
)
@pytest.mark.parametrize("holding", ["as a module's attribute", "by its own name", "as a default"])
def test_what_a_process_has_not_is_refused(call: str, args: tuple[Any, ...], holding: str) -> None:
    """With the host, the call, the library that has made it, and what to do."""
    if call.startswith("numpy"):
        pytest.importorskip("numpy.random")
    with pytest.raises(ForbiddenError) as caught:
        reading(call, holding, "before", *args)
    said = str(caught.value)
    assert said.startswith(f"host#0 calls {call}() in lib")
    assert ": " in said


def test_each_host_draws_for_itself() -> None:
    """And another process of a host does not repeat what the one before has drawn."""
    drawn: list[tuple[str, float]] = []

    def app(ctx: Any) -> web.Application:
        drawn.append((ctx.host, random.random()))
        return application(_answer)

    name = probe("drawing", app)
    services = [Service(host, app=name) for host in ("a", "b")]
    run(lab(*services, load=At(to="a", times_s=())))
    first = list(drawn)
    drawn.clear()
    run(lab(*reversed(services), load=At(to="a", times_s=())))
    assert len(set(first)) == 2
    assert sorted(drawn) == first


async def _answer(_: web.Request) -> web.Response:
    return web.Response()


def test_a_library_reads_the_hosts_own_clock() -> None:
    """One that was set wrong is wrong for libraries, too; monotonic time is never wrong."""
    read: dict[float, tuple[float, float]] = {}

    async def ask(_: web.Request) -> web.Response:
        asked_s = round(time.monotonic())
        read[asked_s] = (
            time.time() - EPOCH_S - time.monotonic(),
            dt.datetime.now(dt.UTC).timestamp(),
        )
        return web.Response()

    value = lab(
        Service("host", app=probe("skewed", lambda _: application(ask))),
        load=At(to="host", times_s=(1.0, 5.0, 9.0)),
        faults=(during(3, 7, ClockSkew("host", skew_s=-60)),),
    )
    run(value, conductor(value.faults, 10))
    assert {at_s: round(ahead_s) for at_s, (ahead_s, _) in read.items()} == {1: 0, 5: -60, 9: 0}
    assert [round(wall_s - EPOCH_S) for _, wall_s in read.values()] == [1, -55, 9]


def test_dates_stay_dates() -> None:
    """Instances are of the real class; checks of a type, copies, pickles and subclasses work."""
    seen: list[Any] = []
    real, real_date = dt.datetime, dt.date

    class Moment(dt.datetime):
        pass

    async def ask(_: web.Request) -> web.Response:
        now = dt.datetime.now(dt.UTC)
        made = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
        seen.extend((type(now), type(made), type(dt.date.today())))  # noqa: DTZ011 - as it is called
        assert isinstance(made, dt.datetime)
        assert isinstance(now, dt.date)
        assert issubclass(dt.datetime, dt.date)
        assert not isinstance(dt.date(2026, 1, 1), dt.datetime)
        assert pickle.loads(pickle.dumps(now)) == copy.deepcopy(now) == now  # noqa: S301 - our own
        assert pickle.loads(pickle.dumps(dt.date(2026, 1, 1))) == dt.date(2026, 1, 1)  # noqa: S301
        assert dt.datetime.fromisoformat("2026-01-02T00:00:00+00:00") == made
        assert dt.datetime.strptime("2026", "%Y").year == 2026  # noqa: DTZ007 - its year
        assert (made - now).days == 0
        assert dt.datetime.combine(dt.date(2026, 1, 2), dt.time(), dt.UTC) == made
        match made:
            case dt.datetime(year=year):
                assert year == 2026
        assert type(Moment(2026, 1, 1)) is Moment
        return web.Response()

    value = lab(
        Service("host", app=probe("dates", lambda _: application(ask))),
        load=At(to="host", times_s=(1.0,)),
    )
    recording = run(value)
    assert ([one.status for one in recording.requests], recording.notes) == (["200"], [])
    assert seen == [real, real, real_date]


TYPED = """
import datetime
from dataclasses import dataclass
from datetime import date, datetime as moment
from aiohttp import web

KINDS = {moment: "moment", date: "day"}

@dataclass(frozen=True, kw_only=True)
class Settings:
    pass

@dataclass
class Event:
    at: moment

def app(ctx):
    async def handle(request):
        now, day = moment.now(datetime.UTC), date.today()
        names = KINDS[type(now)], KINDS[type(day)], Event.__annotations__["at"] is type(now)
        return web.Response(text=f"{names} {now:%H:%M:%S} {day}")
    made = web.Application()
    made.router.add_get("/", handle)
    return made
"""


def test_a_service_that_is_imported_in_a_run_may_keep_tables_of_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keys are the classes that instances have; and still its clock is the host's."""
    name = "service_with_typed_tables"
    (tmp_path / f"{name}.py").write_text(TYPED, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    load = At(to="host", times_s=(AT_S,), keep_answers=True)
    for _ in range(2):  # imported in the first run, there already in the second
        (request,) = run(lab(Service("host", app=name), load=load)).requests
        assert request.answer == "('moment', 'day', True) 00:00:02 2026-01-01"
    monkeypatch.delitem(sys.modules, name)


def parts() -> tuple[Any, ...]:
    return time.time, random.random, random.Random.seed, dt.datetime


def test_all_is_as_it_was_after_a_run() -> None:
    """Functions, defaults, classes; and again after a second run, and one within another."""
    made = library("time.monotonic", "as a default", imported="before")
    sys.modules["lib_before_and_after"] = made
    real = (*parts(), inspect.signature(made.read))
    try:
        for _ in range(2):
            HOLDERS.install()
            HOLDERS.install()
            assert made.read.__kwdefaults__["how"].__name__ == "monotonic"
            HOLDERS.remove()
            assert made.read.__kwdefaults__["how"] is time.monotonic
            HOLDERS.remove()
            now = (
                time.time,
                random.random,
                random.Random.seed,
                dt.datetime,
                inspect.signature(made.read),
            )
            assert now == real
    finally:
        del sys.modules["lib_before_and_after"]


def test_nobody_outside_of_a_process_notices() -> None:
    """Real time and real dice; copies and pickles of the functions."""
    HOLDERS.install()
    try:
        assert abs(time.time() - dt.datetime.now(dt.UTC).timestamp()) < 60
        assert time.time() > EPOCH_S
        assert pickle.loads(pickle.dumps(time.monotonic)) is time.monotonic  # noqa: S301 - our own
        assert copy.deepcopy(random.uniform) is random.uniform
        assert random.Random(5).random() == pytest.approx(0.6229016948897019)
        assert dt.datetime.now().tzinfo is None  # noqa: DTZ005 - as it is called
        assert repr(time.time) == "<simulated time.time>"
    finally:
        HOLDERS.remove()
