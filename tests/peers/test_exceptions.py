"""The table of exceptions is held both ways: nothing may fail that is not in it, nor pass."""

import pytest

from tests.peers.exceptions import MEANING, TABLE, Cause, Listed, faults, read
from tests.peers.suites import SUITES

LISTED = Listed(library="aiohttp", cause=Cause.CLOCK, test="t.py::listed")


def test_a_test_that_passes_on_the_simulator_is_no_fault() -> None:
    """Nor is one that passes on neither loop: it is not the simulator's."""
    simulated = {"t.py::a": "passed", "t.py::b": "failed", "t.py::c": "skipped"}
    assert not list(faults(simulated, {"t.py::b": "failed", "t.py::c": "skipped"}, []))


@pytest.mark.parametrize("there", ["failed", "skipped", "failed as meant"])
def test_a_test_that_only_the_real_loop_passes_is_a_fault(there: str) -> None:
    """Being left out is not passing either."""
    found = list(faults({"t.py::a": there}, {"t.py::a": "passed"}, []))
    assert found == [f"t.py::a: {there} on the simulator, passes on a real loop"]


def test_a_test_that_the_simulator_never_ran_is_a_fault() -> None:
    """A run that breaks off must not pass for a good one."""
    found = list(faults({}, {"t.py::a": "passed"}, []))
    assert found == ["t.py::a: not run on the simulator, passes on a real loop"]


def test_an_exception_may_fail() -> None:
    """A name without brackets stands for each of its parameters, and for no longer name."""
    real = {"t.py::listed[1]": "passed", "t.py::listed[2]": "passed"}
    simulated = dict.fromkeys(real, "failed")
    assert not list(faults(simulated, real, [LISTED]))
    assert list(faults(simulated, {"t.py::listed_too": "passed", **real}, [LISTED])) == [
        "t.py::listed_too: not run on the simulator, passes on a real loop"
    ]


def test_an_exception_that_passes_is_a_fault() -> None:
    """Of several parameters, each that passes is one."""
    simulated = {"t.py::listed[1]": "passed", "t.py::listed[2]": "failed"}
    found = list(faults(simulated, {"t.py::listed[2]": "passed"}, [LISTED]))
    assert found == ["t.py::listed[1]: an exception (clock) that passes"]


@pytest.mark.parametrize("outcomes", [{}, {"t.py::listed": "failed"}])
def test_an_exception_that_no_loop_passes_is_a_fault(outcomes: dict[str, str]) -> None:
    """A test that is gone, or renamed, leaves no line behind."""
    found = list(faults(outcomes, outcomes, [LISTED]))
    assert found == ["t.py::listed: an exception (clock), and passes on no loop"]


def test_a_line_with_an_unknown_cause_is_refused() -> None:
    """Who adds one must decide that it is no bug, and say why."""
    with pytest.raises(ValueError, match="bad luck"):
        list(read("aiohttp\tbad luck\tt.py::a\n"))


def test_the_table_is_in_order_and_names_each_test_once() -> None:
    """A test that stands twice would have two causes."""
    table = list(read(TABLE.read_text(encoding="utf-8")))
    assert table == sorted(table)
    assert len({(one.library, one.test) for one in table}) == len(table)
    assert {one.library for one in table} <= {suite.library for suite in SUITES}


def test_each_cause_is_explained_and_used() -> None:
    """A cause that has no test any more goes."""
    assert set(MEANING) == set(Cause)
    assert {one.cause for one in read(TABLE.read_text(encoding="utf-8"))} == set(Cause)
