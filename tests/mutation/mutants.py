"""Mutants: what the operators make of a module's source, one change each."""

import ast
import builtins
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from tests.mutation.operators import OPERATORS, Change, Operator

SKIPPED_FIELDS = {"annotation", "returns", "decorator_list"}
"""Not run, or run by the import alone."""
SKIPPED_NODES = (ast.JoinedStr, ast.Import, ast.ImportFrom)
"""Words for a person; and Python 3.11 does not know where in the source a part of one is."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BLOCKS = (ast.If, *SCOPES)
"""Told by their first line."""
LOOSE = (ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.IfExp, ast.Lambda)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module; `within` is the function or class that it is in, "" for none."""

    path: str
    line: int
    within: str
    kind: str
    old: str
    new: str
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same when lines are added above it."""
        return self.path, self.within, self.old, self.new

    def __str__(self) -> str:
        where = f"{self.path}:{self.line} in {self.within or 'the module'}"
        return f"{where}\n    - {self.old}\n    + {self.new}"


def mutants(
    path: str, source: str, operators: Mapping[type[ast.AST], Operator] = OPERATORS
) -> Iterator[Mutant]:
    """Give all mutants of a module, in the order of its source; none of its sabotages."""
    tree = ast.parse(source)
    sabotages = _sabotages(tree)
    for top in (one for one in tree.body if one not in sabotages):
        named = _names(top)
        within = top.name if isinstance(top, SCOPES) else ""
        for node, scope in chain([(top, within)], _nodes(top, within)):
            operator = operators.get(type(node))
            if operator and isinstance(node, ast.expr | ast.stmt):
                for change in operator(node):
                    if not isinstance(change, ast.Name) or change.id in named:
                        yield _mutant(path, source, scope, operator.__name__, (node, change))


def _sabotages(tree: ast.Module) -> list[ast.stmt]:
    """Find the list of a module's sabotages, and the functions that it puts in others' places.

    They are changes already, which the pattern's tests must notice: changed again, still one.
    """
    lists = [
        one
        for one in tree.body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "SABOTAGES"
    ]
    named = {node.id for one in lists for node in ast.walk(one) if isinstance(node, ast.Name)}
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    instead = [
        one
        for one in tree.body
        if isinstance(one, functions) and one.name.startswith("_") and one.name in named
    ]
    return [*lists, *instead]


def _mutant(
    path: str, source: str, within: str, kind: str, replaced: tuple[ast.expr | ast.stmt, Change]
) -> Mutant:
    node, change = replaced
    lines = source.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    before = lines[first][: node.col_offset]
    after = lines[last - 1][node.end_col_offset or 0 :]
    line = before + _fitted(change, len(before) - len(before.lstrip())).encode() + after
    return Mutant(
        path=path,
        line=node.lineno,
        within=within,
        kind=kind,
        old=_in_one(lines[first] if isinstance(node, BLOCKS) else b"".join(lines[first:last])),
        new=_in_one(line.splitlines()[0] if isinstance(node, ast.If) else line),
        source=b"".join([*lines[:first], line, *lines[last:]]).decode(),
    )


def _in_one(lines: bytes) -> str:
    return " ".join(lines.decode().split())


def _names(top: ast.AST) -> set[str]:
    """Give the names that a change in this part of the module may use."""
    nodes = list(ast.walk(top))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return {*used, *(node.arg for node in nodes if isinstance(node, ast.arg)), *dir(builtins)}


def _nodes(node: ast.AST, within: str) -> Iterator[tuple[ast.AST, str]]:
    for name, value in ast.iter_fields(node):
        if name in SKIPPED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, SKIPPED_NODES):
                continue
            inner = f"{within}.{child.name}".strip(".") if isinstance(child, SCOPES) else within
            yield child, inner
            yield from _nodes(child, inner)


def _fitted(change: Change, indent: int) -> str:
    """Bracket what might bind otherwise in the place where it is put."""
    text = ast.unparse(ast.fix_missing_locations(change))
    if isinstance(change, ast.stmt):
        return text.replace("\n", "\n" + " " * indent)
    return f"({text})" if isinstance(change, LOOSE) else text


def chosen(found: Iterable[Mutant], count: int, seed: int) -> list[Mutant]:
    """Choose so many mutants: as many of each module, and there of each operator, as can be.

    The choice is drawn from the seed; which mutants are there is the only other thing it hangs on.
    """
    rng = random.Random(seed)
    groups: dict[str, dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in found:
        groups[mutant.path][mutant.kind].append(mutant)
    modules: list[list[Mutant]] = []
    for path in sorted(groups):
        kinds = [rng.sample(each, len(each)) for each in groups[path].values()]
        modules.append(_in_turn(rng.sample(kinds, len(kinds))))
    taken = _in_turn(rng.sample(modules, len(modules)))[:count]
    return sorted(taken, key=lambda one: (one.path, one.line, one.old, one.new))


def _in_turn(lists: Sequence[Sequence[Mutant]]) -> list[Mutant]:
    """Take the first of each list, then the second of each, and so on."""
    return [one for row in zip_longest(*lists) for one in row if one is not None]
