"""A service that goes through a set of texts: the same in each process, or refused by its line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.sim.unordered import hashes_are_drawn, in_source

ROOT = Path(__file__).parents[3]

SERVICE = """
import sys
sys.path[:0] = [{root!r}, {folder!r}]
import asyncio
from aiohttp import web
from harness.errors import LabError
from harness.model import Service
from tests.support import At, application, lab, probe, run

NAMES = ("alpha", "beta", "gamma", "delta")

async def handle(request):
    return web.Response(text={text})

host = Service("host", app=probe("sets", lambda _: application(handle)))
try:
    recording = run(lab(host, load=At(to="host", times_s=(1.0,), keep_answers=True)))
    print(recording.requests[0].answer, recording.digest())
except LabError as error:
    print("refused", error)
"""


def ran(text: str, hash_seed: str | None, folder: Path) -> str:
    """Run a service in a process of its own, and give what it answered, or why it did not run."""
    program = folder / "program.py"
    program.write_text(SERVICE.format(root=str(ROOT), folder=str(folder), text=text), "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    if hash_seed is not None:
        environment["PYTHONHASHSEED"] = hash_seed
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_set_has_one_order_where_hashes_are_fixed(tmp_path: Path) -> None:
    """As `./lab` and `python -m harness.cli` fix them."""
    first, second = (ran("' '.join(set(NAMES))", "0", tmp_path) for _ in range(2))
    assert first == second
    assert "refused" not in first


@pytest.mark.parametrize("hash_seed", [None, "random", "5"])
def test_a_service_that_goes_through_a_set_is_refused_elsewhere(
    hash_seed: str | None, tmp_path: Path
) -> None:
    """With file and line, and what to do."""
    said = ran("' '.join(set(NAMES))", hash_seed, tmp_path)
    assert said.startswith(f"refused __main__ ({tmp_path / 'program.py'}:13) goes through a set")
    assert "use sorted(...), or PYTHONHASHSEED=0" in said


def test_a_service_that_sorts_is_the_same_everywhere(tmp_path: Path) -> None:
    """Nothing else of the harness depends on how texts are hashed."""
    said = {ran("' '.join(sorted(set(NAMES)))", seed, tmp_path) for seed in (None, "0", "5")}
    assert len(said) == 1
    assert "refused" not in said.pop()


@pytest.mark.parametrize(
    "line",
    [
        "for x in {'a', 'b'}: pass",
        "for x in set(names): pass",
        "y = [x for x in {n.lower() for n in names}]",
        "y = {x: 1 for x in frozenset(names)}",
        "s = set(names); y = list(s)",
        "s: set[str] = set(); y = tuple(s)",
        "def f(s: set[str]): return ','.join(s)",
        "def f(s: 'x', t: frozenset[str]): return [*t]",
        "class A:\n    s: set[str]\n    def f(self): return next(iter(self.s))",
        "class A:\n    def f(self): self.s = {n for n in names}\n    def g(self): self.s.pop()",
        "for x in set(a) - set(b): pass",
        "for x in a.keys() & b.keys(): pass",
        "for x in set(a).union(b): pass",
        "y = dict(enumerate(set(names)))",
        "y = [f(x) for x in (set(a) if a else set(b))]",
        "async def f():\n    async for x in set(a): pass",
    ],
)
def test_going_through_a_set_is_found(line: str) -> None:
    """By loops, comprehensions, what makes a list of it, and `pop`."""
    assert in_source(line)


@pytest.mark.parametrize(
    "line",
    [
        "for x in ('a', 'b'): pass",
        "for x in sorted(set(names)): pass",
        "y = sorted(x for x in set(names))",
        "y = {x for x in set(names)}",
        "y = sum(1 for x in set(names)), len(set(names)), max(set(names))",
        "y = any(x for x in {'a', 'b'})",
        "y = 'a' in {'a', 'b'}",
        "for x in {1, 2, 3}: pass",
        "for x in asyncio.all_tasks() - {asyncio.current_task()}: x.cancel()",
        "s = asyncio.all_tasks() - set(mine)\nfor x in s: pass",
        "for x in {'a': 1}: pass",
        "y = {**a, 'b': 1}; [*y]",
        "s = set(names); s = list(names)\nfor x in s: pass",
        "s = []; s.pop()",
        "s = set(); s.add('x'); y = s | {'z'}",
    ],
)
def test_what_has_an_order_or_shows_none_is_not(line: str) -> None:
    """Sorted, counted, asked for a member, made into another set; numbers hash as themselves."""
    assert in_source(line) == []


@pytest.mark.parametrize("folder", ["services", "labs"])
def test_no_service_of_ours_goes_through_a_set(folder: str) -> None:
    """Whoever embeds the harness need not know of PYTHONHASHSEED."""
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := in_source(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_an_interpreter_knows_how_it_hashes() -> None:
    """By its flags, whoever has set them."""
    assert hashes_are_drawn() is (os.environ.get("PYTHONHASHSEED") != "0")


def test_the_command_line_fixes_hashes_by_itself() -> None:
    """However it was started; its arguments are kept."""
    for seed in (None, "5", "0"):
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"
        }
        environment |= {"PYTHONPATH": str(ROOT)} | ({"PYTHONHASHSEED": seed} if seed else {})
        done = subprocess.run(
            [sys.executable, "-P", "-m", "harness.cli", "--version"],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith("chaoslab, version")
        assert done.stderr == ""
