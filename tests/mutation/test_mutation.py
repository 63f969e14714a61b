"""Mutation testing itself: its mutants, its choice, its trials, and what it tells."""

import ast
import textwrap
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.mutation import __main__ as command
from tests.mutation.accepted import ACCEPTED, Accepted
from tests.mutation.mutants import Mutant, chosen, mutants
from tests.mutation.named import named
from tests.mutation.operators import KERNEL_OPERATORS
from tests.mutation.targets import KERNEL, TARGETS
from tests.mutation.trials import Outcome, TrialError, trial

ROOT = Path(__file__).parents[2]


def changes(source: str) -> set[str]:
    """Give the changed lines of each mutant of a source."""
    return {mutant.new for mutant in mutants("a.py", textwrap.dedent(source))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < b", {"(a <= b)", "(a >= b)"}),
        ("a == b", {"(a != b)"}),
        ("a in b", {"(a not in b)"}),
        ("a and b", {"(a or b)", "a", "b"}),
        ("not a", {"a"}),
        ("a + b", {"(a - b)"}),
        ("a += b", {"a -= b", "pass"}),
        ("a = 1", {"a = 2", "a = 0"}),
        ("a = 0.5", {"a = 1.0", "a = 0.25"}),
        ("a = 60", {"a = 120", "a = 30.0"}),
        ("a = True", {"a = False"}),
        ("a = 'text'", set()),
        ("min(a)", {"max(a)", "pass"}),
        ("a = sorted(b, key=c)", {"a = sorted(b)", "a = b"}),
        ("a = b if c else d", {"a = b", "a = d"}),
        ("a = [b for b in c if d]", {"a = [b for b in c]"}),
        ("a = b[c:d]", {"a = b[:d]", "a = b[c:]"}),
        ("a.b = c", {"pass"}),
        ("a.sent_s", {"a.answered_s"}),
        ("raise a", {"pass"}),
        ("a: int = b", set()),
        ("f'{a < b}'", set()),
    ],
)
def test_an_operator_makes_the_small_faults_of_its_kind(line: str, expected: set[str]) -> None:
    """And nothing else."""
    assert changes(line) == expected


def test_a_function_may_give_nothing_back() -> None:
    """A name is taken for another one only where there is such a name."""
    source = """
        def f(start_s):
            return start_s
    """
    assert changes(source) == {"return"}
    assert changes(source.replace("(start_s)", "(start_s, end_s)")) == {"return", "return end_s"}


def test_a_mutant_is_one_change_that_python_can_read() -> None:
    """Of the whole module, text beyond ASCII before it or not; its line is where it is."""
    source = 'a = "± 1"; b = c < (\n    d\n)\n'
    found = list(mutants("a.py", source))
    assert [mutant.source for mutant in found] == [
        'a = "± 1"; b = (c <= d)\n',
        'a = "± 1"; b = (c >= d)\n',
    ]
    assert {mutant.line for mutant in found} == {1}


def test_every_mutant_of_the_project_differs_and_can_be_read() -> None:
    """Every module that is aimed at is there and has some; so are the tests that answer for it."""
    for path, tests in TARGETS.items():
        source = (ROOT / path).read_text()
        found = list(mutants(path, source))
        assert found
        same = ast.dump(ast.parse(source))
        for mutant in chosen(found, 12, seed=1):
            assert ast.dump(ast.parse(mutant.source)) != same
        assert all((ROOT / test).exists() for test in tests)


@pytest.mark.parametrize("count", [5, 30, 120, 400])
def test_a_small_choice_leaves_no_module_out(count: int) -> None:
    """Modules take turns, so none has two mutants more than one that has mutants left."""
    found = kernel()
    there = Counter(one.path for one in found)
    picked = Counter(one.path for one in chosen(found, count, seed=1))
    assert sum(picked.values()) == count
    fewest = min(picked[path] for path in there if picked[path] < there[path])
    assert max(picked.values()) <= fewest + 1


def test_a_small_choice_leaves_no_operator_out() -> None:
    """In each module operators take turns as well."""
    found = [one for one in kernel() if one.path.endswith("/pipe.py")]
    kinds = {one.kind for one in found}
    assert {one.kind for one in chosen(found, len(kinds), seed=1)} == kinds


@cache
def kernel() -> list[Mutant]:
    return [
        one for path in KERNEL for one in mutants(path, (ROOT / path).read_text(), KERNEL_OPERATORS)
    ]


def test_mutants_of_the_kernel_differ_and_can_be_read() -> None:
    """Hundreds, of each operator; and each that has a name, whose text stands just once."""
    found = kernel()
    kinds = Counter(one.kind for one in found)
    assert {"call_in_kernel", "branch", "early", "compare", "constant", "statement"} <= set(kinds)
    for mutant in [*chosen(found, 200, seed=1), *named()]:
        original = ast.dump(ast.parse((ROOT / mutant.path).read_text()))
        assert ast.dump(ast.parse(mutant.source)) != original
    assert all(
        (ROOT / test.partition("::")[0]).exists() for tests in KERNEL.values() for test in tests
    )


def test_the_kernels_operators_make_the_faults_of_what_acts() -> None:
    """Arguments the other way round, the other branch, nothing done at all."""
    source = """
        def f(a):
            b(a, c)
            if a:
                d()
    """
    told = {one.new for one in mutants("a.py", textwrap.dedent(source), KERNEL_OPERATORS)}
    assert told == {"b(c, a)", "pass", "if not a:", "def f(a): return"}
    given = "def f(a):\n    return a\n"
    assert "def f(a): return" not in {one.new for one in mutants("a.py", given, KERNEL_OPERATORS)}


NAMES_ALONE = {"harness/checks/measures.py", "harness/checks/series.py"}
"""They pass on what stands elsewhere, and have no line to change."""


def test_what_the_issue_names_is_aimed_at() -> None:
    """Checks, measures, patterns: a module that is added there must have its tests named."""
    folders = ("harness/checks", "harness/measures", "services/patterns")
    there = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).glob("*.py")
        if path.name != "__init__.py"
    }
    assert there - NAMES_ALONE == {path for path in TARGETS if path.startswith(folders)}


def test_the_choice_is_even_and_the_same_for_a_seed() -> None:
    """Of each operator in each module as many as can be."""
    source = "a < b\n" * 20 + "a + b\n" + "c = 1\n" * 20
    found = list(mutants("a.py", source))
    few = chosen(found, 9, seed=1)
    assert Counter(mutant.kind for mutant in few) == {"compare": 4, "bin_op": 1, "constant": 4}
    assert few == chosen(found, 9, seed=1)
    assert few != chosen(found, 9, seed=2)
    assert len(chosen(found, 10_000, seed=1)) == len(found)


QUORUM = "services/patterns/quorum.py"
TESTS = ("tests/services/test_quorum.py",)


def test_a_trial_tells_what_became_of_a_mutant() -> None:
    """Killed by a failure, also of the import; survived; or stopped, where it does not end."""
    source = (ROOT / QUORUM).read_text()
    wrong = source.replace("members // 2 + 1", "members // 2")
    assert trial(QUORUM, source, TESTS, 60) is Outcome.SURVIVED
    assert trial(QUORUM, wrong, TESTS, 60) is Outcome.KILLED
    assert trial(QUORUM, "1 / 0", TESTS, 60) is Outcome.KILLED
    assert trial(QUORUM, "while True: pass", TESTS, 5) is Outcome.TIMED_OUT
    assert (ROOT / QUORUM).read_text() == source


@pytest.mark.parametrize("tests", ["tests/services/test_none.py", "tests/services/test_timeout.py"])
def test_a_trial_without_a_judge_is_an_error(tests: str) -> None:
    """No such tests, or tests that never import the module: nobody survives those."""
    with pytest.raises(TrialError, match=tests):
        trial(QUORUM, (ROOT / QUORUM).read_text(), (tests,), 60)


def mutant(new: str) -> Mutant:
    return Mutant(path="a.py", line=1, within="f", kind="compare", old="x", new=new, source=new)


def accepted(new: str) -> Accepted:
    return Accepted(path="a.py", within="f", old="x", new=new, reason="equal")


def test_survivors_must_be_accepted_and_the_accepted_must_survive() -> None:
    """An entry that is found out, or that is no mutant any more, is told."""
    results = [
        command.Result(mutant("one"), Outcome.SURVIVED),
        command.Result(mutant("two"), Outcome.SURVIVED),
        command.Result(mutant("three"), Outcome.KILLED),
        command.Result(mutant("four"), Outcome.TIMED_OUT),
    ]
    entries = [accepted("two"), accepted("three"), accepted("gone")]
    told = command.unexplained(results, entries)
    assert [line.splitlines()[-1] for line in told] == ["    + one"]
    assert command.stale([result.mutant for result in results], results, entries) == [
        "accepted, but found out: a.py in f: three",
        "accepted, but no mutant: a.py in f: gone",
    ]
    assert command.found_out(results) == 0.5
    assert command.table(results).splitlines()[-1].split() == ["all", "1", "1", "2"]


def test_every_accepted_survivor_is_a_mutant_and_has_a_reason() -> None:
    """Each once, by the code as it is."""
    there = {one.key for path in TARGETS for one in mutants(path, (ROOT / path).read_text())}
    there |= {one.key for one in kernel()}
    keys = [one.key for one in ACCEPTED]
    assert set(keys) <= there
    assert len(keys) == len(set(keys))
    assert all(one.reason for one in ACCEPTED)


def test_a_run_reports_and_fails_on_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the module, the line, and the text before and after; tests that fail are told too."""
    outcomes = {"majority": Outcome.SURVIVED, "": Outcome.KILLED, "reached": Outcome.KILLED}

    def stand_in(path: str, source: str, tests: object, limit_s: float) -> Outcome:
        del tests, limit_s
        if path != QUORUM:
            return Outcome.KILLED
        return next(
            (outcomes[one.within] for one in mutants(path, ORIGINAL) if one.source == source),
            Outcome.SURVIVED,
        )

    monkeypatch.setattr(command, "trial", stand_in)
    monkeypatch.setattr(command, "ACCEPTED", ())
    few = {path: TARGETS[path] for path in (QUORUM, "services/patterns/timeout.py")}
    monkeypatch.setattr(command, "TARGETS", few)
    result = CliRunner().invoke(command.main, ["--all", QUORUM, "services/patterns/timeout.py"])
    told = result.output
    assert result.exit_code == 1
    assert "not tried: services/patterns/timeout.py" in told
    line = ORIGINAL.splitlines().index("    return members // 2 + 1") + 1
    assert f"survived: {QUORUM}:{line} in majority\n    - return members // 2 + 1" in told
    outcomes["majority"] = Outcome.KILLED
    result = CliRunner().invoke(command.main, ["--all", QUORUM])
    assert result.exit_code == 0
    assert "100.0 % found out, 0 to look at" in result.output


ORIGINAL = (ROOT / QUORUM).read_text()


def test_a_sabotage_has_no_mutants() -> None:
    """It is a change already; what it changes has them."""
    source = (
        "class Lease:\n    def take(self):\n        return False\n\n\n"
        "def _granted(_):\n    return True\n\n\n"
        "def _beside(_):\n    return True\n\n\n"
        "SABOTAGES = (Sabotage(Lease, 'take', _granted),)\n"
    )
    assert {one.within for one in mutants("a.py", source)} == {"Lease.take", "_beside"}
