"""Versions: copies that meet in any order, any number of times, end the same."""

from importlib import import_module
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.patterns.versions import Write

PART = "services.patterns.versions"
SABOTAGE = {
    "the first writer wins": (
        "ordered[-1:]",
        "ordered[:1]",
        "test_the_last_writer_wins_by_its_stamp",
    ),
    "what was seen stays": (
        "all(self.seen.get(node, 0) >= number",
        "all(self.seen.get(node, 0) > number",
        "test_what_was_seen_is_replaced_and_what_was_not_stays",
    ),
    "the last copy counts": (
        "sorted({write.stamp: write for write in writes}.values(), key=_stamp)",
        "list({write.stamp: write for write in writes}.values())",
        "test_a_merge_is_the_same_in_any_order",
    ),
}


def write(value: str, at_us: int, **seen: int) -> Write:
    made: Write = import_module(PART).Write(value=value, stamp=(at_us, 0, value), seen=seen)
    return made


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from("abc"), st.integers(1, 3))),
        min_size=1,
        max_size=4,
        unique_by=str,
    )
)
@settings(max_examples=40, deadline=None)
def check_order(drawn: list[tuple[int, dict[str, int]]]) -> None:
    module = import_module(PART)
    # Each write has a count of its own node that no other has, as those of nodes do.
    writes = [
        write(str(place), at_us, **seen, **{f"n{place}": 1})
        for place, (at_us, seen) in enumerate(drawn)
    ]
    for conflict in module.Conflict:
        expected = conflict.merge(writes)
        assert expected
        assert conflict.merge((*expected, *expected)) == expected
        for order in permutations(writes):
            gathered: tuple[Write, ...] = ()
            for one in order:
                gathered = conflict.merge((*gathered, one))
            assert gathered == expected


def test_a_merge_is_the_same_in_any_order() -> None:
    """One by one or all together, once or twice: commutative, associative, idempotent."""
    check_order()


def test_the_last_writer_wins_by_its_stamp() -> None:
    """Whatever it has seen."""
    merge = import_module(PART).Conflict("last-wins").merge
    early, late = write("early", 1, a=5), write("late", 2)
    assert merge([late, early]) == (late,)


def test_what_was_seen_is_replaced_and_what_was_not_stays() -> None:
    """Two that have not seen each other stand side by side."""
    merge = import_module(PART).Conflict("siblings").merge
    first, second, both = write("1", 1, a=1), write("2", 2, b=1), write("3", 3, a=1, b=1, c=1)
    later = write("4", 4, a=2)
    assert merge([first, second]) == (first, second)
    assert merge([first, second, both]) == (both,)
    assert merge([both, later]) == (both, later)
    assert merge([first, later]) == (later,)


def test_a_write_travels_as_json() -> None:
    """And is the same after it."""
    there = write("1", 1, a=1)
    assert type(there).of(there.plain()) == there


def test_who_has_read_some_writes_has_seen_the_last_of_each_node() -> None:
    """Whichever of them comes first."""
    writes = [write("a", 1, x=2, y=1), write("b", 2, x=1, z=3)]
    for order in permutations(writes):
        assert import_module(PART).seen_of(order) == {"x": 2, "y": 1, "z": 3}
    assert import_module(PART).seen_of([]) == {}
