"""A lab that is wrong is refused in one line that names the file and what to change."""

import sys
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from harness.runner import NOTES_SHOWN
from services.context import Context
from tests.cli.workshop import SMALL, Workshop

LAB_FILE = "labs/trial/small/lab.py"

FAULTS = 'faults=(during(1, 2, Pause("back")),)'
VARIANTS = 'variants=(Broken("naive", {"front.tries": 4}), Fixed("calm", {"front.tries": 1}))'
BASELINE = "baseline(success_ratio(0, 0.75), at_least=0.99),"

WRONG: dict[str, tuple[str, str, str]] = {
    "syntax error": ("duration_s=5,", "duration_s=5 5,", "labs/trial/small/lab.py, line 14: "),
    "no LAB": ("LAB = Lab(", "BAL = Lab(", "defines no LAB = Lab(...)"),
    "an import that fails": (
        "import recovery_s",
        "import recovers_s",
        "ImportError: cannot import",
    ),
    "a module that is not there": ("LAB =", "import retries\nLAB =", "No module named 'retries'"),
    "an error at import": ("LAB =", "1 / 0\nLAB =", "ZeroDivisionError: division by zero"),
    "an exit at import": ("LAB =", "import sys; sys.exit(7)\nLAB =", "SystemExit: 7"),
    "an unknown field": ("duration_s=5", "duration=5", "unexpected keyword argument 'duration'"),
    "a fault on an unknown host": (
        'Pause("back")',
        'Pause("bakc")',
        "'bakc' is not one of back, fr",
    ),
    "a host's fault on a link": ('Pause("back")', 'Pause("front->back")', "not one of back, front"),
    "a fault past the end": (
        "during(1, 2,",
        "during(1, 9,",
        "ends at 9 s, after the run, which la",
    ),
    "a fault that ends first": (
        "during(1, 2,",
        "during(2, 1,",
        "ends (1 s) before it starts (2 s). Swap the two numbers",
    ),
    "a fault before the start": (
        "during(1, 2,",
        "during(-1, 2,",
        "starts at -1 s, before the run.",
    ),
    "a fault without a comma": (FAULTS, FAULTS[:-2] + ")", "a comma after a single item"),
    "a fault without a time": (FAULTS, 'faults=(Pause("back"),)', "faults holds a Pause; it may"),
    "faults that overlap": (
        FAULTS,
        f'{FAULTS[:-1]} during(1.5, 3, Pause("back")))',
        "pause back: overlaps in time with pause back",
    ),
    "two services of one name": ('Service("back"', 'Service("front"', "2 hosts are called 'fro"),
    "two variants of one name": ('Fixed("calm"', 'Fixed("naive"', "2 variants are called 'naive'"),
    "a name of the load": ('Service("back"', 'Service("client"', "host name 'client' is reserved"),
    "a name with a space": (
        'Service("back"',
        'Service("the back"',
        "invalid name 'the back': use lower",
    ),
    "a name with a path": ('Fixed("calm"', 'Fixed("../calm"', "invalid name '../calm': use lower"),
    "a negative rate": ("rate_rps=20", "rate_rps=-20", "load: rate_rps is -20; it must be above 0"),
    "an endless rate": ("rate_rps=20", 'rate_rps=float("inf")', "it must be a finite number"),
    "an endless run": ("duration_s=5", 'duration_s=float("inf")', "duration_s is inf; it must be"),
    "no time": ("duration_s=5", "duration_s=0", "duration_s is 0; it must be above 0"),
    "a duration in words": (
        "duration_s=5",
        'duration_s="5"',
        "duration_s is '5'; it must be a num",
    ),
    "an impatient load": ("timeout_ms=500", "timeout_ms=0", "load: timeout_ms is 0; it must be ab"),
    "a load to nowhere": ('to="front"', 'to="fornt"', "the load goes to 'fornt', not one of back"),
    "no load": (
        'Paced(rate_rps=20, to="front", timeout_ms=500)',
        "20",
        "load is a int; it must be",
    ),
    "a call to nowhere": (
        'calls=("back",)',
        'calls=("bakc",)',
        "calls 'bakc', which is not one of",
    ),
    "an unknown app": ("services.worker", "services.wroker", "No module named 'services.wroker'"),
    "an app that is none": ("services.worker", "services.tracing", "defines no Settings"),
    "an app without a name": ('"services.worker"', '""', "service back: : ValueError"),
    "an unknown setting": ('"workers": 1', '"wrokers": 1', "no setting 'wrokers'; there are work"),
    "a setting's wrong type": (
        '"workers": 1',
        '"workers": "1"',
        "workers is '1'; it must be of typ",
    ),
    "a variant's setting": (
        'front.tries": 4',
        'front.trise": 4',
        "variant naive: service front: no",
    ),
    "a variant's wrong type": ('front.tries": 4', 'front.tries": 4.5', "it must be of type int"),
    "a variant's service": (
        '"front.tries": 4',
        '"fornt.tries": 4',
        "no service.setting of back, fro",
    ),
    "an unknown variant": (
        'on("naive",',
        'on("niave",',
        "is about 'niave', which is not one of ca",
    ),
    "no baseline": (
        BASELINE,
        "",
        "no baseline(...) in expect=; add one that shows the system healthy",
    ),
    "nothing broken": ('Broken("naive"', 'Fixed("naive"', "no Broken variant: a lab shows what b"),
    "nothing fixed": ('Fixed("calm"', 'Broken("calm"', "no Fixed variant: a lab shows what brea"),
    "no variants": (VARIANTS, "variants=()", "no Broken variant"),
    "a silent variant": ('on("calm",', 'on("naive",', "variant calm has no claim, so it cannot fa"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_lab_is_refused(shop: Workshop, name: str) -> None:
    """Every command that loads the lab says the same line, and nothing is run."""
    old, new, said = WRONG[name]
    shop.change((old, new))
    for outcome in (shop.run("run", "small", "--engine", "sim"), shop.run("show", "small")):
        assert outcome.code == 2
        assert outcome.complaint.startswith(LAB_FILE)
        assert said in outcome.complaint
        assert outcome.out == ""
    checked = shop.run("check")
    assert checked.code == 2
    told, count = checked.out.splitlines()
    assert LAB_FILE in told
    assert said in told
    assert count == "0 passed, 0 failed, 1 could not be checked"
    assert shop.kept() == []


def test_a_syntax_error_is_told_of_the_file_that_has_it(shop: Workshop) -> None:
    """A lab whose own module cannot be parsed names that module and its line."""
    folder = shop.change(("LAB =", "from labs.trial.small import extra\n\nLAB ="))
    (folder / "extra.py").write_text("one = 1\ntwo = = 2\n")
    complaint = shop.run("show", "small").complaint
    assert complaint.startswith("labs/trial/small/extra.py, line 2: ")


@pytest.mark.parametrize("text", ["two = = 2\n", "1 / 0\n", "Settings = 5\napp = 6\n"])
def test_a_labs_own_service_that_cannot_be_loaded(shop: Workshop, text: str) -> None:
    """A service that fails at its import, or has no settings to speak of, is named."""
    folder = shop.change(("services.worker", "labs.trial.small.service"))
    (folder / "service.py").write_text(text)
    outcome = shop.run("run", "small", "--engine", "sim")
    assert outcome.code == 2
    assert "service back: labs.trial.small.service: " in outcome.complaint
    assert shop.kept() == []


def test_one_wrong_lab_does_not_hide_the_others(shop: Workshop) -> None:
    """A right lab runs, and the list stands, whatever is wrong with its neighbour."""
    shop.write(SMALL)
    shop.change(("LAB =", "BAL ="), slug="wrong")
    assert shop.run("show", "small").code == 0


class Settings:
    """None at all."""


def _refuses(ctx: Context[Any]) -> web.Application:
    raise RuntimeError(f"{ctx.host} has no licence")


def test_a_service_that_does_not_start(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `app()` raises is told with the service's name, and no run is kept."""
    module = ModuleType("refusing")
    vars(module).update(Settings=Settings, app=_refuses)
    monkeypatch.setitem(sys.modules, "refusing", module)
    shop.change(
        ('app="services.worker", settings={"workers": 1, "service_ms": 20}', 'app="refusing"')
    )
    outcome = shop.run("run", "small", "--engine", "sim", "--no-report")
    assert outcome.code == 2
    assert "service back does not start: RuntimeError: back has no licence" in outcome.complaint
    assert shop.kept() == []


def test_a_service_that_fails_at_every_request_is_noted(shop: Workshop) -> None:
    """The place that raised is told in a few lines, not in a traceback for each request."""
    folder = shop.change(("services.worker", "labs.trial.small.service"))
    (folder / "service.py").write_text(FAILING)
    outcome = shop.run("run", "small", "--engine", "sim", "--no-report", "--variant", "calm")
    assert outcome.code == 2
    assert "INCONCLUSIVE" in outcome.out
    assert "ZeroDivisionError('oh')" in outcome.out
    assert outcome.out.count("ZeroDivisionError") <= NOTES_SHOWN
    assert outcome.err == ""


FAILING = '''"""Fails."""

from dataclasses import dataclass

from aiohttp import web


@dataclass
class Settings:
    workers: int = 1
    service_ms: float = 1


def app(ctx):
    async def handle(request):
        raise ZeroDivisionError("oh")

    made = web.Application()
    made.router.add_get("/", handle)
    return made
'''
