"""Placing keys: what moves when nodes change, how even parts are, and where ranges end."""

from collections import Counter
from importlib import import_module
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.guarded import FEW

PART = "services.patterns.ring"
SABOTAGE = {
    "places a node once": (
        "for number in range(virtual)",
        "for number in range(1)",
        "test_virtual_nodes_make_parts_even",
    ),
    "places nodes by their order": (
        '_hash(f"{node}/{number}"), node) for node in nodes',
        '_hash(f"{place}/{number}"), node) for place, node in enumerate(nodes)',
        "test_a_node_that_leaves_moves_its_own_keys",
    ),
    "goes to the node before": (
        "% len(points)][1]",
        "* 0 - 1][1]",
        "test_virtual_nodes_make_parts_even",
    ),
    "compares numbers as texts": (
        '(0, int(key), "") if key.isdecimal() else (1, 0, key)',
        "(0, 0, key)",
        "test_ranges_end_at_their_bounds",
    ),
}
KEYS = [str(number) for number in range(2000)]
NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=6, unique=True)


def part() -> Any:
    """Give the module as it is now: sound, or broken on purpose."""
    return import_module(PART)


@FEW
@given(nodes=NAMES, place=st.integers(0, 5), virtual=st.integers(1, 50))
def leaving(nodes: list[str], place: int, virtual: int) -> None:
    gone = nodes[place % len(nodes)]
    left = [node for node in reversed(nodes) if node != gone]
    before, after = part().ring(nodes, virtual), part().ring(left, virtual)
    for key in KEYS[:200]:
        assert after(key) == before(key) or before(key) == gone


def test_a_node_that_leaves_moves_its_own_keys() -> None:
    """And no other, whatever the order in which nodes are named; so it is with one that comes."""
    leaving()


def test_by_the_remainder_nearly_all_move() -> None:
    """Of four nodes to three, those that stay are the keys with equal remainders: one in four.

    In whichever order nodes are named, each has its own number.
    """
    before, after = part().modulo("abcd"), part().modulo("abc")
    moved = sum(before(key) != after(key) for key in KEYS) / len(KEYS)
    assert abs(moved - 3 / 4) < 0.05
    turned = part().modulo("dcba")
    assert all(before(key) == turned(key) for key in KEYS)


def spread(virtual: int) -> float:
    """Give the largest part of five as a multiple of the mean."""
    owner = part().ring("abcde", virtual)
    return max(Counter(map(owner, KEYS)).values()) * 5 / len(KEYS)


def test_virtual_nodes_make_parts_even() -> None:
    """One point each leaves a node with far more than its share, two hundred with about it."""
    assert spread(1) > 1.4
    assert 1 < spread(200) < 1.25


def test_ranges_end_at_their_bounds() -> None:
    """A bound is the first key of the next node; numbers are not compared letter by letter."""
    owner = part().ranges(["low", "middle", "high"], ["10", "200"])
    assert [owner(key) for key in ("9", "10", "199", "200", "1000", "name")] == [
        "low", "middle", "middle", "high", "high", "high",
    ]  # fmt: skip


def test_a_key_s_place_is_the_same_in_every_process_and_release() -> None:
    """Its data lies there: another hash would move everybody."""
    keys = "12345678"
    assert "".join(map(part().ring("abcd", 100), keys)) == "ccbdbcac"
    assert "".join(map(part().modulo("abcd"), keys)) == "cabcaacc"
