"""Two CDNs, each with an edge in New York and one in Sydney, and what is sent through them."""

from harness.model import Configure, Distance, Poisson, Ramp, Send, Service, Zipf, during
from harness.model.fault import Setting, Timed
from labs.traffic.cdn_edge.predictions import (
    END_S,
    FULL_S,
    LAST_S,
    MADE_S,
    NEW_YORK_S,
    PAGES,
    PATIENCE_S,
    PURGE_S,
    RATE,
    SKEW,
    SYDNEY_S,
    TIMES,
    WORKERS,
)

ONE = ("new-york", "sydney")
TWO = (*ONE, "new-york-b", "sydney-b")
LONDON = ("shield", "origin")
DISTANCES = (
    Distance(("new-york", "new-york-b"), LONDON, one_way_ms=round(500 * NEW_YORK_S)),
    Distance(("sydney", "sydney-b"), LONDON, one_way_ms=round(500 * SYDNEY_S)),
)
CACHE: dict[str, Setting] = {
    "nodes": "origin",
    "timeout_ms": 30_000,
    "incoming.order": "cache",
    "incoming.cache.ttl_ms": 60_000,  # longer than the run
}
SERVICES = (
    *(Service(edge, app="services.ring", calls=LONDON, settings=CACHE) for edge in TWO),
    Service("shield", app="services.ring", calls=("origin",),
            settings={**CACHE, "incoming.cache.strategy": "read-through"}),
    Service("origin", app="services.queueing",
            settings={"workers": WORKERS, "service_ms": 1000 * MADE_S}),
)  # fmt: skip


def visitors(*edges: str) -> Poisson:
    """Send more and more visitors to an edge that is drawn, for pages of which few are popular."""
    return Poisson(
        rate_rps=RATE,
        to=edges[0],
        mix=tuple(Send(path="/pages/{key}", to=edge) for edge in edges),
        keys=PAGES,
        skew=Zipf(s=SKEW),
        timeout_ms=1000 * PATIENCE_S,
        end_s=LAST_S,
        phases=(Ramp(start_s=0, end_s=FULL_S, times=TIMES),),
    )


def purge(*caches: str) -> tuple[Timed, ...]:
    """Throw all pages of some caches away, those that are asked by the others first."""
    return tuple(
        during(
            PURGE_S,
            END_S,
            Configure(cache, {"incoming.cache.version": 1}),
            said="all pages purged",
        )
        for cache in caches
    )


def collapsed(*edges: str) -> dict[str, str]:
    """Have edges ask for a page once for all who wait for it."""
    return {f"{edge}.incoming.cache.strategy": "read-through" for edge in edges}
