"""Arrows go one way: what each part of the product may import, and what nothing may."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("harness", "services", "labs")

MACHINE = {"docker", "multiprocessing", "requests", "socket", "ssl", "subprocess", "threading"}
"""What a browser tab does not have, and what a simulation must not touch."""
PURE = (
    *("harness.model", "harness.measures", "harness.checks"),
    *("harness.theory", "harness.engines.sim"),
    *("harness.live.protocol", "harness.live.session", "harness.live.snapshot"),
    *("harness.live.conversation", "harness.live.viewed", "harness.live.abilities"),
    *("services", "labs"),
)

RULES: dict[str, tuple[str, ...]] = {
    "services": ("harness", "labs"),
    "harness.model": ("harness.engines", "harness.report", "harness.cli", "harness.runner"),
    "harness.measures": ("harness.checks", "harness.engines", "harness.report", "harness.cli"),
    "harness.checks": ("harness.engines.sim", "harness.engines.compose", "harness.report"),
    "harness.recording": ("harness.engines", "harness.model", "harness.report", "harness.cli"),
    "harness.engines": ("harness.runner", "harness.report", "harness.cli", "harness.live"),
    "harness.engines.sim": ("harness.engines.compose",),
    "harness.engines.compose": ("harness.engines.sim",),
    "harness.runner": ("harness.cli",),
    "harness.live": ("harness.cli", "harness.report", "harness.runner", "harness.engines.compose"),
    "harness.report": ("harness.cli", "harness.runner"),
    "harness.sweep": ("harness.cli", "harness.live", "harness.report", "harness.engines.compose"),
    "harness": ("labs", "tests"),
}
"""Whoever is on the left, or under it, imports nothing that is on the right, or under it."""

FOR_LABS = (
    *("harness.model", "harness.measures", "harness.theory", "harness.recording"),
    *("services", "labs"),
)


class Import(NamedTuple):
    """One import statement's module, and where it stands."""

    line: int
    module: str
    at_run_time: bool
    in_function: bool


def under(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def modules() -> dict[str, Path]:
    """Give every module of the product by its dotted name; templates are not modules."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "templates" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports(name: str) -> tuple[Import, ...]:
    """Give what a module imports, by parsing it; nothing is imported to find out."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    return tuple(_imports(tree, at_run_time=True, in_function=False))


def _imports(node: ast.AST, *, at_run_time: bool, in_function: bool) -> Iterator[Import]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield Import(node.lineno, alias.name, at_run_time, in_function)
            return
        case ast.ImportFrom():
            for module in _targets(node):
                yield Import(node.lineno, module, at_run_time, in_function)
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            for guarded in node.body:
                yield from _imports(guarded, at_run_time=False, in_function=in_function)
            for other in node.orelse:
                yield from _imports(other, at_run_time=at_run_time, in_function=in_function)
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            in_function = True
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, at_run_time=at_run_time, in_function=in_function)


def _targets(node: ast.ImportFrom) -> Iterator[str]:
    """`from a.b import c` needs the module a.b.c when there is one, else a.b."""
    assert node.level == 0, "relative imports are banned"
    assert node.module is not None
    for alias in node.names:
        deeper = f"{node.module}.{alias.name}"
        yield deeper if deeper in modules() else node.module


def at_run_time(name: str) -> list[Import]:
    return [one for one in imports(name) if one.at_run_time]


def sinners(package: str, banned: tuple[str, ...] | set[str], *, typing_too: bool) -> list[str]:
    return [
        f"{modules()[name].relative_to(ROOT)}:{one.line} imports {one.module}"
        for name in modules()
        if under(name, package)
        for one in imports(name)
        if (typing_too or one.at_run_time) and any(under(one.module, other) for other in banned)
    ]


def test_the_product_is_found() -> None:
    """Else every other test here would pass on nothing."""
    assert {"harness.engines.sim.loop", "services.relay", "labs.cascades.retry_storm.lab"} <= set(
        modules()
    )
    assert len(imports("harness.engines.sim.engine")) > 10


@pytest.mark.parametrize(("package", "banned"), RULES.items(), ids=RULES.keys())
def test_arrows_go_one_way(package: str, banned: tuple[str, ...]) -> None:
    """At run time; the model's measures may name a recording to the type checker."""
    assert sinners(package, banned, typing_too=False) == []


def test_the_model_knows_recordings_by_their_type_alone() -> None:
    """The one exception, for the type checker."""
    assert sinners("harness.model", ("harness.recording",), typing_too=False) == []
    (only,) = sinners("harness.model", ("harness.recording",), typing_too=True)
    assert only.startswith("harness/model/expect.py:")


def test_services_import_nothing_of_ours_for_types_either() -> None:
    """The container holds no more than them."""
    assert sinners("services", ("harness", "labs"), typing_too=True) == []


def test_formulas_import_formulas_alone() -> None:
    """They know nothing of labs, runs or recordings, not even for types."""
    assert [
        f"{modules()[name].relative_to(ROOT)}:{one.line} imports {one.module}"
        for name in modules()
        if under(name, "harness.theory")
        for one in imports(name)
        if any(under(one.module, package) for package in PACKAGES)
        and not under(one.module, "harness.theory")
    ] == []


def test_labs_are_written_in_the_models_words() -> None:
    """The model, theory, measures, plots, services of their own: nothing else of the product."""
    assert [
        f"{modules()[name].relative_to(ROOT)}:{one.line} imports {one.module}"
        for name in modules()
        if under(name, "labs")
        for one in imports(name)
        if any(under(one.module, package) for package in PACKAGES)
        and not any(under(one.module, allowed) for allowed in FOR_LABS)
    ] == []


@pytest.mark.parametrize("package", PURE)
def test_what_runs_in_a_browser_imports_no_machine(package: str) -> None:
    """No sockets, threads, processes or TLS; only a container's own main may."""
    assert [
        sinner
        for sinner in sinners(package, MACHINE, typing_too=False)
        if not sinner.startswith("services/main.py:")
    ] == []


def test_no_import_hides_in_a_function() -> None:
    """Where it would hide a cycle."""
    assert [
        f"{modules()[name].relative_to(ROOT)}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.in_function
    ] == []


def test_there_is_no_cycle() -> None:
    """At run time, over all modules of the product."""
    graph = {
        name: {one.module for one in at_run_time(name) if one.module in modules()} - {name}
        for name in modules()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a cycle: {' <- '.join(error.args[1])}")
    assert set(order) == set(modules())
