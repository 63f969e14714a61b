"""Finds where a service goes through a set, whose order is another one in each process.

Python draws how texts are hashed when it starts, unless PYTHONHASHSEED is 0. The command line sees
to that. Whoever runs a simulation otherwise, under pytest or in a program, is told which line of a
service would make the same seed give different runs. What is read is the source; a set is known by
how it is written, or by what the file assigns or declares.
"""

import ast
import linecache
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType

ADVICE = (
    "goes through a set, in another order in each process; use sorted(...), or PYTHONHASHSEED=0"
)

ORDERLESS = {"sorted", "set", "frozenset", "sum", "min", "max", "any", "all", "len", "fsum", "bool"}
"""Functions whose result does not tell in which order they went through something."""

_MAKES = {"set", "frozenset"}
_GIVES = {"union", "intersection", "difference", "symmetric_difference"}
_KINDS = {"set", "frozenset", "Set", "AbstractSet", "MutableSet", "FrozenSet"}
_OF_TASKS = {"all_tasks", "current_task", "create_task", "ensure_future"}
_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)


def hashes_are_drawn() -> bool:
    """Say whether this interpreter hashes texts otherwise than the next one."""
    return bool(sys.flags.hash_randomization)


def in_source(source: str) -> list[int]:
    """Give the numbers of the lines that go through a set."""
    tree = ast.parse(source)
    sets = _Sets(tree)
    found = {line for node in ast.walk(tree) for line in _walks(node, sets)}
    free = {line for node in ast.walk(tree) for line in _order_free(node)}
    return sorted(line for line, place in found if place not in free)


def in_function(function: object) -> str | None:
    """Name the first such line of a function or of what it calls in its own file."""
    if not isinstance(function, FunctionType):
        return None
    file = function.__code__.co_filename
    lines = _in_file(file)
    own = {line for code in _codes(function, file) for line in _lines(code)} if lines else set()
    first = min(own & set(lines), default=None)
    return None if first is None else f"{function.__module__} ({file}:{first})"


def in_service(module: ModuleType, is_own: Callable[[str], bool]) -> str | None:
    """Name the first such line of a service: of its module, and of those of ours that it uses."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one.__name__ in seen:
            continue
        seen.add(one.__name__)
        if is_own(one.__name__):
            if lines := _in_file(getattr(one, "__file__", None) or ""):
                return f"{one.__name__}:{lines[0]}"
            names = {_home(value) for value in vars(one).values()}
            waiting += [sys.modules[name] for name in sorted(names) if name in sys.modules]
    return in_function(vars(module).get("app"))


def _home(value: object) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    return value.__module__ if isinstance(value, FunctionType | type) else ""


@cache
def _in_file(file: str) -> tuple[int, ...]:
    source = "".join(linecache.getlines(file))
    return tuple(in_source(source)) if "set" in source or "{" in source else ()


class _Sets:
    """Which expressions of a file are sets, as far as the file says so."""

    def __init__(self, tree: ast.AST) -> None:
        self._names: set[str] = set()
        others: set[str] = set()
        for name, value, kind in _bindings(tree):
            is_set = kind in _KINDS if kind else value is not None and self.holds(value)
            (self._names if is_set else others).add(name)
        self._names -= others

    def holds(self, node: ast.expr) -> bool:  # noqa: PLR0911 - one for each kind of expression
        """Say whether an expression is a set of what might be texts."""
        match node:
            case ast.Set():
                return not all(_is_no_text(each) for each in node.elts)
            case ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in _MAKES:
                return bool(node.args)
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in _GIVES:
                return self.holds(owner)
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, _OPERATORS):
                sides = left, right
                some = any(self.holds(side) or _is_keys(side) for side in sides)
                return some and not any(_is_no_text(side) for side in sides)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name in self._names
            case ast.IfExp(body=one, orelse=other):
                return self.holds(one) or self.holds(other)
        return False


def _bindings(tree: ast.AST) -> Iterator[tuple[str, ast.expr | None, str]]:
    """Give names, what they are bound to, and what they are declared to be."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((_name(target), value, "") for target in targets)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                yield _name(target), value, _kind(annotation)
            case ast.arg(arg=name, annotation=annotation) if annotation is not None:
                yield name, None, _kind(annotation)
            case ast.NamedExpr(target=target, value=value):
                yield _name(target), value, ""


def _name(target: ast.expr) -> str:
    return getattr(target, "id", "") or getattr(target, "attr", "")


def _kind(annotation: ast.expr) -> str:
    inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return _name(inner) or "?"


def _is_no_text(node: ast.expr) -> bool:
    """Say whether it is a number, or tasks: they hash alike in every process."""
    if isinstance(node, ast.Call):
        return _name(node.func) in _OF_TASKS
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _is_keys(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr in {"keys", "items"})
    )


def _walks(node: ast.AST, sets: _Sets) -> Iterator[tuple[int, int]]:
    """Give the line, and the identity of what is gone through, if a node goes through a set."""
    through: list[ast.expr] = []
    match node:
        case ast.For(iter=it) | ast.AsyncFor(iter=it) | ast.comprehension(iter=it):
            through = [it]
        case ast.Starred(value=value):
            through = [value]
        case ast.Call(func=func, args=arguments) if _name(func) not in ORDERLESS | _GIVES:
            named = {"list", "tuple", "enumerate", "iter", "next", "join", "zip", "map", "filter"}
            through = arguments if _name(func) in named else []
            if isinstance(func, ast.Attribute) and func.attr == "pop" and not arguments:
                through = [func.value]
    yield from ((each.lineno, id(each)) for each in through if sets.holds(each))


def _order_free(node: ast.AST) -> Iterator[int]:
    """Give what is gone through where nobody can tell the order: within `sorted`, in a set."""
    inner: list[ast.expr] = []
    match node:
        case ast.Call(func=func, args=arguments) if _name(func) in ORDERLESS:
            inner = arguments
        case ast.SetComp():
            inner = [node]
    for each in inner:
        if isinstance(each, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            yield from (id(loop.iter) for loop in each.generators)


def _codes(function: FunctionType, file: str) -> Iterator[CodeType]:
    """Give a function's code, and that of the functions of its file that it names."""
    seen: set[CodeType] = set()
    waiting: list[CodeType] = [function.__code__]
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    waiting += [each.__code__ for each in cells if isinstance(each, FunctionType)]
    while waiting:
        code = waiting.pop()
        if code in seen or code.co_filename != file:
            continue
        seen.add(code)
        yield code
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        named = (function.__globals__.get(name) for name in code.co_names)
        waiting += [each.__code__ for each in named if isinstance(each, FunctionType)]


def _lines(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line is not None)
