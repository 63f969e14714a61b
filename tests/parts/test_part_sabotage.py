"""Sabotage: each part is broken on purpose, one line at a time, and a test of its own must see it.

A test module of a part lists them: what is replaced in the part's source, by what, and the test
that must fail then. A sabotage that finds nothing to replace, or that no test sees, fails here.
"""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import services
from services import patterns

HERE = Path(__file__).parent
OWN = {"services": services, "services.patterns": patterns}


def part_of(tests: ModuleType) -> str:
    """Name the module that a test module is about: a service, unless it says otherwise."""
    default = f"services.{tests.__name__.rpartition('.test_')[2]}"
    return str(getattr(tests, "PART", default))


def listed() -> list[tuple[str, str]]:
    """Give every sabotage of every part, by its test module and its name."""
    found = []
    for path in sorted(HERE.glob("test_*.py")):
        if path.stem != "test_part_sabotage":
            tests = importlib.import_module(f"tests.parts.{path.stem}")
            found += [(path.stem, name) for name in tests.SABOTAGE]
    return found


def _is_of(value: object, part: str) -> bool:
    """Say whether what a service has imported is a class or a function of the broken part."""
    return isinstance(value, type | FunctionType) and value.__module__ == part


@pytest.mark.parametrize(("module", "name"), listed())
def test_a_part_that_is_broken_on_purpose_is_found_out(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the test that the list names."""
    tests = importlib.import_module(f"tests.parts.{module}")
    old, new, test = tests.SABOTAGE[name]
    whole = getattr(tests, test)
    assert not inspect.signature(whole).parameters, f"{test} takes parameters; name one without"
    # Whoever is imported only while it is broken would keep what is broken.
    for user in pkgutil.iter_modules(services.__path__):
        importlib.import_module(f"services.{user.name}")
    part = part_of(tests)
    sound = importlib.import_module(part)
    source = Path(str(sound.__file__)).read_text()
    assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {part}"
    broken = ModuleType(part)
    broken.__file__ = sound.__file__
    monkeypatch.setitem(sys.modules, part, broken)
    code = compile(source.replace(old, new), str(sound.__file__), "exec")
    exec(code, vars(broken))  # noqa: S102 - our own source, one line changed
    package, _, last = part.rpartition(".")
    monkeypatch.setattr(OWN[package], last, broken)
    for other in [one for name, one in sys.modules.copy().items() if name.startswith("services.")]:
        for word in [word for word, value in vars(other).items() if _is_of(value, part)]:
            monkeypatch.setattr(other, word, getattr(broken, word))
    # Any error will do: what is broken may also crash, or never end.
    with pytest.raises(Exception):  # noqa: B017, PT011
        whole()
