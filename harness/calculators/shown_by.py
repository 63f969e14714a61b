"""Which labs compute a prediction with a formula, and which rows of `labs/theory.tsv` name it.

What a lab uses is read from its code: each name that it imports from `harness.theory` and calls.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import catalogue, truth
from harness.catalogue import Entry
from harness.truth import Formula

THEORY = "harness.theory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A lab that uses a formula; `predictions` are those whose source is a row that names it."""

    slug: str
    title: str
    predictions: tuple[str, ...]


def rows(name: str) -> tuple[Formula, ...]:
    """Give the rows of `labs/theory.tsv` that name a formula."""
    return tuple(row for row in truth.formulas().values() if name in row.functions)


def labs(name: str) -> tuple[Shown, ...]:
    """Give the labs that use a formula, those with a prediction of it first."""
    sources = {f"theory:{row.slug}" for row in rows(name)}
    found = []
    for entry, formulas in _users():
        if name in formulas:
            told = tuple(one.name for one in entry.lab.predict if one.source in sources)
            found.append(Shown(slug=entry.slug, title=entry.lab.title, predictions=told))
    return tuple(sorted(found, key=lambda one: not one.predictions))


@cache
def _users() -> tuple[tuple[Entry, frozenset[str]], ...]:
    """Give every lab with the formulas that it uses."""
    entries = map(catalogue.find, catalogue.slugs())
    return tuple((entry, used(entry.folder)) for entry in entries)


def used(folder: Path) -> frozenset[str]:
    """Name the formulas that the code in a folder calls, as `subject.function`."""
    return frozenset(
        name
        for source in sorted(folder.glob("*.py"))
        for name in _called(ast.parse(source.read_text(encoding="utf-8")))
    )


def _called(tree: ast.Module) -> Iterator[str]:
    modules, functions = _imported(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield f"{modules[module]}.{name}"
            case ast.Name(id=name) if name in functions:
                yield functions[name]


def _imported(tree: ast.Module) -> tuple[dict[str, str], dict[str, str]]:
    """Give the theory's modules, and its functions, by the names that they have in a file."""
    modules, functions = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == THEORY:
            modules.update({one.asname or one.name: one.name for one in node.names})
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{THEORY}."):
            subject = str(node.module).removeprefix(f"{THEORY}.")
            names = {one.asname or one.name: f"{subject}.{one.name}" for one in node.names}
            functions.update(names)
    return modules, functions
