"""Mutation operators: for each kind of syntax node, the small faults that a programmer may make.

An operator gives the nodes that may stand in the place of one, or "pass" for a statement that is
left out. Texts are left alone: a message may be worded in many ways. Sources: the operators of
DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (1978), as mutmut and PIT have them, and
`TWINS`, the confusions that this project's own words invite.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any

Change = ast.expr | ast.stmt
Operator = Callable[[Any], Iterator[Change]]

Ops = Mapping[type[ast.AST], type[ast.AST]]

BOUNDARY: Ops = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OPPOSITE: Ops = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: Ops = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
TWINS = {
    "start_s": "end_s",
    "end_s": "start_s",
    "intended_s": "sent_s",
    "sent_s": "answered_s",
    "answered_s": "sent_s",
    "requested_s": "start_s",
    "applied_s": "requested_s",
    "seen_s": "applied_s",
    "removal_s": "end_s",
    "removed_s": "removal_s",
    "caller": "callee",
    "callee": "caller",
    "faulty": "calm",
    "calm": "faulty",
    "simulated": "measured",
    "measured": "simulated",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "ceil": "floor",
    "floor": "ceil",
    "voters": "disks",
    "disks": "voters",
    "term": "since",
    "since": "term",
}
SMALL = 10
DROPPED_CALLS = {"abs", "bool", "dict", "float", "int", "list", "round", "set", "sorted", "tuple"}


def compare(node: ast.Compare) -> Iterator[Change]:
    """Move the boundary of a comparison, or turn it round."""
    for place, operator in enumerate(node.ops):
        for table in (BOUNDARY, OPPOSITE):
            other = table.get(type(operator))
            if other:
                ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)  # type: ignore[arg-type]


def bool_op(node: ast.BoolOp) -> Iterator[Change]:
    """Put `or` for `and`, or leave one condition out."""
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def unary_op(node: ast.UnaryOp) -> Iterator[Change]:
    """Leave out `not` or a sign."""
    yield node.operand


def bin_op(node: ast.BinOp) -> Iterator[Change]:
    """Put one arithmetic for another."""
    other = ARITHMETIC.get(type(node.op))
    if other:
        yield ast.BinOp(node.left, other(), node.right)  # type: ignore[arg-type]


def aug_assign(node: ast.AugAssign) -> Iterator[Change]:
    """Put one arithmetic for another, or count nothing."""
    other = ARITHMETIC.get(type(node.op))
    if other:
        yield ast.AugAssign(node.target, other(), node.value)  # type: ignore[arg-type]
    yield ast.Pass()


def constant(node: ast.Constant) -> Iterator[Change]:
    """Put another truth or number: of a small count the next ones, else the double and the half.

    A limit of 50 ms that is 51 is no fault that a test should find.
    """
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int) and abs(value) < SMALL:
        yield ast.Constant(value + 1)
        if value:
            yield ast.Constant(value - 1)
    elif isinstance(value, int | float):
        yield ast.Constant(2 * value or 1.0)
        if value:
            yield ast.Constant(value / 2)


def twin(node: ast.Name | ast.Attribute) -> Iterator[Change]:
    """Put a name that is easily taken for it."""
    if isinstance(node, ast.Name):
        if node.id in TWINS:
            yield ast.Name(TWINS[node.id], node.ctx)
    elif node.attr in TWINS:
        yield ast.Attribute(node.value, TWINS[node.attr], node.ctx)


def call(node: ast.Call) -> Iterator[Change]:
    """Leave out an argument that is named, or a call that gives its argument in another form."""
    for place in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])
    if isinstance(node.func, ast.Name) and node.func.id in DROPPED_CALLS and node.args:
        yield node.args[0]


def condition(node: ast.IfExp) -> Iterator[Change]:
    """Take always the one, or always the other."""
    yield from (node.body, node.orelse)


def comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[Change]:
    """Leave out a filter."""
    for place, loop in enumerate(node.generators):
        if loop.ifs:
            bare = ast.comprehension(loop.target, loop.iter, [], loop.is_async)
            loops = [*node.generators[:place], bare, *node.generators[place + 1 :]]
            if isinstance(node, ast.DictComp):
                yield ast.DictComp(node.key, node.value, loops)
            else:
                yield type(node)(node.elt, loops)


def slice_of(node: ast.Slice) -> Iterator[Change]:
    """Leave out where a slice begins or ends."""
    if node.lower:
        yield ast.Slice(None, node.upper, node.step)
    if node.upper:
        yield ast.Slice(node.lower, None, node.step)


def answer(node: ast.Return) -> Iterator[Change]:
    """Give nothing back."""
    if node.value is None:
        yield ast.Pass()
    elif not isinstance(node.value, ast.Constant):
        yield ast.Return()


def statement(node: ast.stmt) -> Iterator[Change]:
    """Leave out a statement that acts on something."""
    acts = not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await)
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if acts and not isinstance(target, ast.Name | ast.Tuple):
        yield ast.Pass()


OPERATORS: Mapping[type[ast.AST], Operator] = {
    ast.Compare: compare,
    ast.BoolOp: bool_op,
    ast.UnaryOp: unary_op,
    ast.BinOp: bin_op,
    ast.AugAssign: aug_assign,
    ast.Constant: constant,
    ast.Name: twin,
    ast.Attribute: twin,
    ast.Call: call,
    ast.IfExp: condition,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
    ast.DictComp: comprehension,
    ast.GeneratorExp: comprehension,
    ast.Slice: slice_of,
    ast.Return: answer,
    ast.Assign: statement,
    ast.Continue: statement,
    ast.Delete: statement,
    ast.Expr: statement,
    ast.Raise: statement,
}


def call_in_kernel(node: ast.Call) -> Iterator[Change]:
    """As elsewhere, and swap the first two arguments."""
    yield from call(node)
    plain = node.args[:2]
    if len(plain) > 1 and not any(isinstance(one, ast.Starred) for one in plain):
        first, second, *others = node.args
        if ast.dump(first) != ast.dump(second):
            yield ast.Call(node.func, [second, first, *others], node.keywords)


def branch(node: ast.If) -> Iterator[Change]:
    """Take the other branch."""
    yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)


def early(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Change]:
    """Return at once, where there is something to be done and nothing to be given back."""
    gives = any(
        isinstance(one, ast.Return | ast.Yield | ast.YieldFrom) and one.value is not None
        for one in ast.walk(node)
    )
    words = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    if not gives and len(node.body) > words:
        empty = copy(node)
        empty.decorator_list, empty.body = [], [ast.Return()]
        yield empty


KERNEL_OPERATORS: Mapping[type[ast.AST], Operator] = {
    **OPERATORS,
    ast.Call: call_in_kernel,
    ast.If: branch,
    ast.FunctionDef: early,
    ast.AsyncFunctionDef: early,
}
"""Those for the simulator, whose parts act more than they compute."""
