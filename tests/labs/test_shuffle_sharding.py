"""Shuffle sharding, broken on purpose: shards that are fewer than they look."""

from collections.abc import Sequence

import pytest

from harness import catalogue
from services.patterns import cells
from tests.labs.otherwise import failed

LAB = catalogue.find("shuffle-sharding").lab


def neighbours(tenant: str, workers: Sequence[str], size: int) -> Sequence[str]:
    """Give the next workers on a ring from a tenant's place on: eight shards, and not 28."""
    ordered = sorted(workers)
    start = cells._hash(tenant) % len(ordered)  # noqa: SLF001
    return [ordered[(start + step) % len(ordered)] for step in range(size)]


def test_shards_of_neighbours_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every customer has two workers here, too, and one in eight has the bad one's."""
    monkeypatch.setattr(cells, "hand", neighbours)
    assert "few others are lost" in failed(LAB, "shards")


def test_shards_of_which_one_worker_is_everybody_s_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven shards: the worker that all have is dead, and so is one second worker in seven."""
    whole = cells.hand

    def with_first(tenant: str, workers: Sequence[str], size: int) -> Sequence[str]:
        first, *others = sorted(workers)
        return [first, *whole(tenant, others, size - 1)]

    monkeypatch.setattr(cells, "hand", with_first)
    assert "few others are lost" in failed(LAB, "shards")
