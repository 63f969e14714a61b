"""Line: nobody is lost or served twice, and each discipline's own order."""

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.patterns.line import Discipline, Line

PART = "services.patterns.line"
SABOTAGE = {
    "the last is the first": (
        "number = next(iter(self._here))",
        "number = next(reversed(self._here))",
        "test_each_discipline_has_its_order",
    ),
    "the first is the last": (
        "number = next(reversed(self._here))",
        "number = next(iter(self._here))",
        "test_each_discipline_has_its_order",
    ),
    "importance is nothing": (
        "heapq.heappush(self._by_importance, (importance, number))",
        "heapq.heappush(self._by_importance, (0, number))",
        "test_each_discipline_has_its_order",
    ),
    "nobody expires": (
        "if one.until_s <= start_s",
        "if False",
        "test_who_is_not_worth_serving_is_left_out",
    ),
    "who has expired stays": (
        "yield self._here.pop(number).who",
        "yield self._here[number].who",
        "test_whoever_joins_leaves_once",
    ),
}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 3), st.integers(0, 50)),
        st.tuples(st.just("next"), st.sampled_from(list(Discipline)), st.just(0)),
        st.tuples(st.just("expire"), st.just(0), st.integers(0, 50)),
    ),
    max_size=40,
)


def line() -> Line[int]:
    # By its name, for that module may be sabotaged.
    made: Line[int] = import_module(PART).Line()
    return made


def drained(discipline: str, *importances: int) -> list[int]:
    made, module = line(), import_module(PART)
    for number, importance in enumerate(importances):
        made.join(number, importance=importance)
    return [made.next(module.Discipline(discipline)) for _ in importances]


@given(STEPS)
@settings(max_examples=60, deadline=None)
def check_once(steps: list[tuple[str, int, int]]) -> None:
    made, module = line(), import_module(PART)
    joined, left = 0, list[int]()
    for what, value, at_s in steps:
        if what == "join":
            made.join(joined, importance=value, until_s=at_s)
            joined += 1
        elif what == "expire":
            left += made.expired(at_s)
        elif len(made):
            left.append(made.next(module.Discipline(value)))
        assert len(made) == joined - len(left)
    left += [made.next(module.Discipline.PRIORITY) for _ in range(len(made))]
    assert sorted(left) == list(range(joined))


def test_whoever_joins_leaves_once() -> None:
    """Whatever the discipline is from one to the next, and whoever expires in between."""
    check_once()


def test_each_discipline_has_its_order() -> None:
    """Of equals in importance, who came first."""
    assert drained("fifo", 2, 0, 1, 0) == [0, 1, 2, 3]
    assert drained("lifo", 2, 0, 1, 0) == [3, 2, 1, 0]
    assert drained("priority", 2, 0, 1, 0) == [1, 3, 2, 0]


def test_who_is_not_worth_serving_is_left_out() -> None:
    """From its time on, and nobody else."""
    made = line()
    for number, until_s in enumerate((5.0, 1.0, 3.0)):
        made.join(number, until_s=until_s)
    assert list(made.expired(3)) == [1, 2]
    assert len(made) == 1


def test_nobody_waits_is_an_error() -> None:
    """And not None, which somebody might serve."""
    with pytest.raises(IndexError, match="nobody waits"):
        line().next(Discipline.FIFO)


def test_who_has_set_no_end_waits_for_ever() -> None:
    """And is served when the others are."""
    line = Line[str]()
    line.join("patient")
    line.join("busy", until_s=5)
    assert list(line.expired(1e9)) == ["busy"]
    assert line.next(Discipline.FIFO) == "patient"
