"""Consistent hashing, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from services.patterns import ring
from tests.labs.otherwise import failed

LAB = catalogue.find("consistent-hashing").lab


def test_a_hash_that_keeps_neighbours_together_makes_no_even_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many virtual nodes there are: they all stand close to each other, and so do keys."""
    monkeypatch.setattr(ring, "_hash", lambda text: sum(text.encode()))
    assert "no node has half as much again" in failed(LAB, "ring-150")
    assert "no node has twice its part" in failed(LAB, "ring-10")
