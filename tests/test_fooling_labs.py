"""One more way to fool the verdict of a real lab: a figure that is typed by hand.

Those that take a run are in `harness/proof` and tried on every lab by `test_labs.py`.
"""

import ast
import builtins
from collections.abc import Iterator

import pytest

from harness import catalogue

BUILTINS = frozenset(dir(builtins))
"""Names that compute nothing of a lab, such as float and abs."""


def typed(node: ast.expr, module: ast.Module) -> bool:
    """Say whether an expression comes to literals alone: no call of a theory, no lab's number.

    A name of the module that is bound to literals is one of the lab's own numbers, unless it
    stands there alone.
    """
    if isinstance(node, ast.Name):
        bound = [
            one.value
            for one in module.body
            if isinstance(one, ast.Assign) and any(_binds(t, node.id) for t in one.targets)
        ]
        return bool(bound) and all(_literal(value) for value in bound)
    return _literal(node)


def _binds(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _literal(node: ast.expr) -> bool:
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names <= BUILTINS


def by_hand(path: str, text: str) -> list[str]:
    """Name the figures of a text's predictions that are typed by hand."""
    module = ast.parse(text)
    found = []
    for node in _predictions(module):
        given = {one.arg: one.value for one in node.keywords if one.arg}
        counted = _is(given.get("source"), "counted")
        for name in ("equals", "chance"):
            value = given.get(name)
            if value and typed(value, module) and not (name == "equals" and counted):
                found.append(f"{path}, line {value.lineno}: {name}={ast.unparse(value)}")
    return found


def _predictions(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            names = (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
            if "predict" in names:
                yield node


def _is(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def test_no_figure_of_a_lab_is_typed_by_hand() -> None:
    """Chance is computed, and so is what is predicted, unless it is counted."""
    found = []
    for slug in catalogue.slugs():
        folder = catalogue.find(slug).folder
        for path in sorted(folder.rglob("*.py")):
            found += by_hand(f"{slug}/{path.name}", path.read_text())
    assert found == []


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("equals=4, source='theory:x'", 1),
        ("equals=-4.0, source='theory:x'", 1),
        ("equals=1 / 2, source='theory:x'", 1),
        ("equals=FOUR, source='theory:x'", 1),
        ("equals=float('4'), source='theory:x'", 1),
        ("equals=1, source='counted'", 0),
        ("equals=RATE / 2, source='theory:x'", 0),
        ("equals=theory.figure(rate_rps=4), source='theory:x'", 0),
        ("equals=1, source='counted', chance=0.5", 1),
        ("equals=1, source='counted', chance=2 * 3.5", 1),
        ("equals=1, source='counted', chance=FOUR", 1),
        ("equals=1, source='counted', chance=chance.mean_sd(sd=1, samples=2)", 0),
    ],
)
def test_what_is_typed_by_hand_is_found(given: str, lines: int) -> None:
    """A number, sums of numbers, and a name that stands for one."""
    text = f"FOUR = 4\nRATE = 80\nP = predict('x', M, on='y', {given})\n"
    assert len(by_hand("lab.py", text)) == lines
