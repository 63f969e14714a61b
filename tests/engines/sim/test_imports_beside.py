"""Another thread may import while a simulation runs: the live display does."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.engines.sim.guard import Guard
from harness.model import Service
from tests.engines.sim.test_gaps_guard import refuse
from tests.support import At, lab, run

ROOT = Path(__file__).parents[3]


class Interrupted(str):
    """A module's name during whose every examination another module is imported."""

    __slots__ = ()

    def startswith(self, *args: Any) -> bool:
        self._import()
        return super().startswith(*args)

    def __format__(self, how: str) -> str:
        self._import()
        return super().__format__(how)

    @staticmethod
    def _import() -> None:
        name = f"imported_beside_{len(sys.modules)}"
        sys.modules[name] = ModuleType(name)


@pytest.fixture(autouse=True)
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let whoever goes through `sys.modules` by name be interrupted by an import."""
    name = Interrupted("interrupted_by_imports")
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    yield
    for other in [name for name in list(sys.modules) if name[:15] == "imported_beside"]:
        del sys.modules[other]


def test_a_guard_watches_while_another_thread_imports() -> None:
    """It goes through a copy: else the dictionary changes under it."""
    with Guard(refuse) as guard:
        guard.watch()
    assert any(name[:15] == "imported_beside" for name in list(sys.modules))


def test_hosts_boot_while_another_thread_imports() -> None:
    """A run of several hosts ends as if nobody had imported anything."""
    services = [Service(f"host-{number}", app="services.worker") for number in range(3)]
    value = lab(*services, load=At(to="host-0", times_s=(0.5,)), duration_s=1)
    assert [request.status for request in run(value).requests] == ["200"]


def walks(source: str) -> list[int]:
    """Find the lines that go through `sys.modules` itself, and not through a copy of it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            continue
        text = ast.unparse(node.iter)
        if text.startswith("sys.modules") and not text.startswith("sys.modules.copy()"):
            found.append(node.iter.lineno)
    return found


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("for name in sys.modules: pass", [1]),
        ("x = [m for m in sys.modules.values()]", [1]),
        ("x = {m for n, m in sys.modules.items()}", [1]),
        ("for name in list(sys.modules): pass", []),
        ("x = [m for m in dict(sys.modules).values()]", []),
        ("x = [m for m in sys.modules.copy().values()]", []),
    ],
)
def test_a_walk_is_found(source: str, lines: list[int]) -> None:
    """In statements and in comprehensions; a copy is none."""
    assert walks(source) == lines


def test_nothing_walks_through_loaded_modules_themselves() -> None:
    """Wherever it is written: a thread may import at any time."""
    found = {
        str(path.relative_to(ROOT)): lines
        for folder in ("harness", "services", "labs", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "site-packages" not in path.parts and (lines := walks(path.read_text(encoding="utf-8")))
    }
    assert found == {}
