"""Quorum: how many are more than half, and what so many have reached."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.quorum import majority, reached


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_a_majority_is_the_fewest_that_are_more_than_half(members: int, needed: int) -> None:
    """With an even number, one more than half."""
    assert majority(members) == needed


@pytest.mark.parametrize("members", range(1, 7))
def test_any_two_majorities_share_a_member(members: int) -> None:
    """And two groups of one less may share none."""
    needed = majority(members)
    groups = [set(one) for one in combinations(range(members), needed)]
    assert all(one & other for one in groups for other in groups)
    smaller = [set(one) for one in combinations(range(members), needed - 1)]
    assert any(not one & other for one in smaller for other in smaller)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=7), st.data())
def test_a_mark_is_the_highest_that_so_many_have_reached(
    marks: list[int], data: st.DataObject
) -> None:
    """In whatever order they are."""
    needed = data.draw(st.integers(1, len(marks)))
    mark = reached(marks, needed)
    assert mark in marks
    assert sum(one >= mark for one in marks) >= needed
    assert sum(one > mark for one in marks) < needed
