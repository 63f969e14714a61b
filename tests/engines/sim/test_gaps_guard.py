"""Stand-ins at their edges: names a service has made itself, modules that nobody loaded."""

import sys
from types import ModuleType
from typing import NoReturn

import pytest

from harness.engines.sim.guard import Guard
from harness.engines.sim.process import Process


class RefusedError(Exception):
    """What a refused call becomes here."""


def refuse(call: str, instead: str) -> NoReturn:
    raise RefusedError(f"{call}: {instead}")


def service(source: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Import a lab's own module, and give its names."""
    module = ModuleType("labs.culprit")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(source, vars(module))  # noqa: S102 - a module without a file
    return vars(module)


def within(space: dict[str, object], statement: str) -> object:
    """Run a statement in a service's module as a simulated process would."""
    code = f"def act():\n    return {statement}"
    exec(code, space)  # noqa: S102 - as above
    act = space["act"]
    assert callable(act)
    result: object = Process("host", 0).context().run(act)
    return result


def test_a_services_own_open_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Python's is refused; a name that the module defines is neither refused nor lost."""
    space = service("def open(name):\n    return name", monkeypatch)
    own = space["open"]
    with Guard(refuse):
        assert within(space, "open('shop')") == "shop"
    assert space["open"] is own


def test_classes_that_may_not_be_made_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In annotations, in checks of a type, and by their plain attributes."""
    space = service("from pathlib import Path\nfrom threading import Thread", monkeypatch)
    with Guard(refuse):
        union = within(space, "Path | None")
        assert within(space, "isinstance(1, Path)") is False
        assert within(space, "Thread.__name__") == "Thread"
        with pytest.raises(RefusedError, match=r"pathlib\.Path\(\): use ctx\.volume"):
            within(space, "Path('ledger')")
    assert union == within(space, "Path | None")


def test_a_module_that_is_not_loaded_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser's Python has not all of them; the others are refused as ever."""
    monkeypatch.delitem(sys.modules, "multiprocessing", raising=False)
    space = service("import time", monkeypatch)
    with Guard(refuse), pytest.raises(RefusedError, match=r"time\.time\(\): use ctx\.wall"):
        within(space, "time.time()")
    assert "multiprocessing" not in sys.modules
