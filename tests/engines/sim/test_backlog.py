"""What lies in a sender's sockets: a stream of bytes, taken from its front and cut at its end."""

from hypothesis import given
from hypothesis import strategies as st

from harness.engines.sim.backlog import Backlog

ACTS = st.one_of(
    st.tuples(st.just("append"), st.binary(min_size=1, max_size=20)),
    st.tuples(st.sampled_from(["take", "read", "cut"]), st.integers(1, 30)),
)


@given(st.lists(ACTS))
def test_it_is_a_stream_of_bytes(acts: list[tuple[str, bytes | int]]) -> None:
    """What is taken is what was appended, in order, but for what was cut off the end."""
    backlog, model = Backlog(), b""
    for act, value in acts:
        if isinstance(value, bytes):
            backlog.append(value)
            model += value
        elif act == "cut":
            size = min(value, len(model))
            backlog.cut(size)
            model = model[: len(model) - size]
        elif model:
            taken = backlog.take(value) if act == "take" else backlog.read(value)
            assert model.startswith(taken)
            assert 1 <= len(taken) <= value
            assert act == "take" or len(taken) == min(value, len(model))
            model = model[len(taken) :]
        assert bool(backlog) == bool(model)
