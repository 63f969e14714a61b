"""Name cache: asked once for each time to live; what has expired serves only where it is wanted."""

import pytest

from services.patterns.name_cache import Found, NameCache
from tests.support import virtually


class Resolver:
    """Answers with the next of some hosts, good for 2 s, or not at all."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked = 0
        self.is_up = True
        self.names = NameCache(self._ask, lambda: self.now_s, errors=(ConnectionError,))

    async def _ask(self, name: str) -> Found:
        self.asked += 1
        if not self.is_up:
            raise ConnectionError
        return Found(f"{name}-{self.asked}", 2)

    def find(self, at_s: float, **options: float) -> str:
        """Find the host of `shop` at a time."""
        self.now_s = at_s
        return virtually(self.names.find("shop", **options))


def test_a_name_is_asked_for_once_in_its_time_to_live() -> None:
    """And anew at the very moment at which it is over."""
    resolver = Resolver()
    found = [resolver.find(at_s) for at_s in (0, 1.999, 2, 3.999, 4)]
    assert found == ["shop-1", "shop-1", "shop-2", "shop-2", "shop-3"]


def test_names_are_remembered_one_by_one() -> None:
    """What is known of one says nothing of another."""
    resolver = Resolver()
    resolver.find(0)
    assert virtually(resolver.names.find("bank")) == "bank-2"
    assert resolver.find(1) == "shop-1"


def test_without_its_resolver_what_has_expired_is_no_answer() -> None:
    """Unless a caller wants it, and then for so long and no longer."""
    resolver = Resolver()
    resolver.find(0)
    resolver.is_up = False
    for at_s in (2, 2.5):
        with pytest.raises(ConnectionError):
            resolver.find(at_s)
    assert [resolver.find(at_s, stale_s=1) for at_s in (2, 2.5, 2.999)] == ["shop-1"] * 3
    with pytest.raises(ConnectionError):
        resolver.find(3, stale_s=1)
    resolver.is_up = True
    assert resolver.find(3, stale_s=1) == "shop-8"


def test_without_its_resolver_what_was_never_known_is_no_answer() -> None:
    """However stale an answer may be."""
    resolver = Resolver()
    resolver.is_up = False
    with pytest.raises(ConnectionError):
        resolver.find(0, stale_s=1e9)
