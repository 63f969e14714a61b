"""Cells: each tenant gets some of the workers, so that what one does to them is not done to all.

In cells a tenant shares all of its workers with the tenants of its cell, and none with others. With
shuffle shards each tenant has a hand of its own: of eight workers there are 28 hands of two, and
few tenants share both with a bad one. A hand changes as little as it can when workers come and go.
Sources: MacCarthaigh, "Workload isolation using shuffle-sharding" (Amazon Builders' Library, 2019);
Thaler, Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996) for the hands. In
production: Amazon's Route 53 Infima, Cortex' and Mimir's tenant shards.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum


class Division(StrEnum):
    """How workers are divided: not at all, in cells, or into a hand for each tenant."""

    POOL = "pool"
    CELLS = "cells"
    SHUFFLE = "shuffle"

    def of(self, tenant: str, workers: Sequence[str], size: int) -> Sequence[str]:
        """Give a tenant's workers; `size` is how many a cell or a hand has."""
        match self:
            case Division.POOL:
                return workers
            case Division.CELLS:
                return cell(tenant, workers, size)
            case Division.SHUFFLE:
                return hand(tenant, workers, size)


def cell(tenant: str, workers: Sequence[str], size: int) -> Sequence[str]:
    """Give the workers of a tenant's cell; the last one has fewer where they do not come out."""
    ordered = sorted(workers)
    cells = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return cells[_hash(tenant) % len(cells)]


def hand(tenant: str, workers: Sequence[str], size: int) -> Sequence[str]:
    """Give the workers of a tenant's own hand."""
    return sorted(workers, key=lambda worker: _hash(f"{tenant}/{worker}"))[:size]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
