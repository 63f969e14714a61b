"""The limits' lab, broken on purpose: whom a count is of, and who shares it."""

from typing import TYPE_CHECKING

import pytest

from harness import catalogue
from services.patterns import limiting
from services.patterns.limiting import Limiter, Settings
from tests.labs.otherwise import SEED, failed

if TYPE_CHECKING:
    from redis.asyncio import Redis

LAB = catalogue.find("rate-limiting").lab


def test_one_count_for_all_customers_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops the flood just as well, and the others with it."""
    whole = Limiter._alone  # noqa: SLF001

    async def of_nobody(self: Limiter, _key: str, settings: Settings) -> None:
        await whole(self, "", settings)

    monkeypatch.setattr(Limiter, "_alone", of_nobody)
    one_node = LAB.facing(LAB.variant("token-bucket"), SEED)
    assert "no other is refused" in failed(LAB, "token-bucket", runs=one_node)


def test_a_counter_that_counts_each_node_by_itself_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked each time, and is of no more use than a bucket in each node."""
    whole = limiting.shared_wait_ms
    stores: list[Redis] = []

    async def by_node(store: "Redis", key: str, settings: Settings) -> int:
        if store not in stores:
            stores.append(store)
        return await whole(store, f"{key} {stores.index(store)}", settings)

    monkeypatch.setattr(limiting, "shared_wait_ms", by_node)
    assert failed(LAB, "shared") == {
        "no other is late",
        "the flooder has its limit and no more",
    }
