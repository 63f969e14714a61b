"""Writes a scenario as a test file: Python source that makes the same value again."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentNotReadyError
from harness.model.change import Configure
from harness.swarm.scenario import Scenario
from harness.swarm.trial import Failure

WIDTH = 99

TEMPLATE = '''"""Found by `./lab swarm --seed {seed} --plans 1`, and shrunk."""

{imports}

SCENARIO = {scenario}


def test_the_scenario_of_seed_{seed}_holds() -> None:
    """It did not: {kind}."""
    assert failure(SCENARIO) is None
'''


def write(scenario: Scenario, found: Failure, folder: Path) -> Path:
    """Write a test that fails as long as the scenario does; give its path.

    Raises:
        EnvironmentNotReadyError: there is no such folder.

    """
    if not folder.is_dir():
        raise EnvironmentNotReadyError(f"{folder}: there is no such folder; make it first")
    path = folder / f"test_swarm_{scenario.seed}.py"
    path.write_text(text(scenario, found), encoding="utf-8")
    return path


def text(scenario: Scenario, found: Failure) -> str:
    """Give the test's source."""
    source = Source()
    rendered = source.render(scenario, 0)
    source.names.add(("harness.swarm.trial", "failure"))
    by_module: dict[str, set[str]] = {}
    for module, name in source.names:
        by_module.setdefault(module, set()).add(name)
    lines = [_imported(module, sorted(by_module[module])) for module in sorted(by_module)]
    return TEMPLATE.format(
        seed=scenario.seed, imports="\n".join(lines), scenario=rendered, kind=found.kind
    )


def _imported(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


class Source:
    """Writes values as Python, and keeps the names that must be imported for them."""

    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def render(self, value: object, indent: int) -> str:
        """Give the source of a value that stands so far from the margin."""
        if isinstance(value, Enum):
            return f"{self._named(value)}.{value.name}"
        if isinstance(value, tuple):
            end = "," if len(value) == 1 else ""
            return self._bracketed("(", [("", one) for one in value], f"{end})", indent)
        if isinstance(value, Mapping):
            pairs = [(f"{self.render(name, 0)}: ", one) for name, one in value.items()]
            return self._bracketed("{", pairs, "}", indent)
        if is_dataclass(value) and not isinstance(value, type):
            return self._bracketed(f"{self._named(value)}(", self._arguments(value), ")", indent)
        return json.dumps(value) if isinstance(value, str) else repr(value)

    def _named(self, value: object) -> str:
        kind = type(value)
        self.names.add((kind.__module__, kind.__name__))
        return kind.__name__

    def _arguments(self, value: Any) -> list[tuple[str, object]]:  # noqa: ANN401 - a dataclass
        if isinstance(value, Configure):
            return [("", value.target), ("", value.values)]
        return [
            (f"{field.name}=", getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != _default(field)
        ]

    def _bracketed(self, head: str, items: list[tuple[str, object]], tail: str, indent: int) -> str:
        line = head + ", ".join(name + self.render(one, indent) for name, one in items) + tail
        if len(line) + indent <= WIDTH - len("SCENARIO = ") and "\n" not in line:
            return line
        inner = indent + 4
        rows = [f"{' ' * inner}{name}{self.render(one, inner)},\n" for name, one in items]
        return f"{head}\n{''.join(rows)}{' ' * indent}{tail.lstrip(',')}"


def _default(field: Any) -> object:  # noqa: ANN401 - a dataclass's field
    return field.default if field.default is not MISSING else _made(field)


def _made(field: Any) -> object:  # noqa: ANN401 - a dataclass's field
    return field.default_factory() if field.default_factory is not MISSING else MISSING
