"""What several share is there from the first to the last, in whatever order they come and go."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.sim.shared import Shared


@given(leaving=st.permutations(range(4)))
def test_it_is_left_with_the_last_user(leaving: list[int]) -> None:
    """Once, and entered once; all see the same."""
    told = []

    @contextmanager
    def made() -> Iterator[object]:
        told.append("in")
        yield object()
        told.append("out")

    shared = Shared(made)
    for _ in range(2):
        values = {id(shared.__enter__()) for _ in leaving}
        assert len(values) == 1
        for _ in leaving[1:]:
            shared.__exit__(None, None, None)
            assert told[-1] == "in"
        shared.__exit__(None, None, None)
        assert told[-1] == "out"
    assert told == ["in", "out"] * 2


def test_what_cannot_be_entered_has_no_user() -> None:
    """The next one tries again."""
    tries = []

    @contextmanager
    def made() -> Iterator[int]:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        yield len(tries)

    shared = Shared(made)
    with pytest.raises(ValueError, match="not yet"), shared:
        pass
    with shared as value:
        assert value == 2
    assert not hasattr(shared, "value")
