"""What sidecars cost and what they mend, from the lab's own numbers."""

from harness import measures
from harness.model import Configure, Paced, during, predict
from harness.theory import availability, chance

COPIES, CALLS, WORK_S, PROXY_S = 3, 4, 0.04, 0.02
"""Copies of the store, how often a page asks it, and the time of a copy and of a proxy."""
STORES = tuple(f"store-{number}" for number in range(1, COPIES + 1))
SIDECARS = tuple(f"sidecar-{number}" for number in range(1, COPIES + 1))
EGRESS, SICK, BAD, END_S, RATE = "egress", STORES[1], (4, 14), 16, 12
HOP_S = 0.004
"""The most that a call takes on its way through the machines, on containers as well."""

PAGES = Paced(rate_rps=RATE, to="shop", timeout_ms=3000)
FAILING = (during(*BAD, Configure(SICK, error_ratio=1), said=f"{SICK} answers in error"),)
QUIET, WHILE = (0, BAD[0] - 0.5), (BAD[0] + 0.5, BAD[1] - 0.5)
PAGE_MS = measures.latency_ms(0.5, *QUIET)
LOST = measures.failed_ratio(*WHILE)


def lost(share: float) -> float:
    """Give the share of pages that are lost if a call fails by this share."""
    return 1 - availability.series_availability(*[1 - share] * CALLS)


def lost_sd(share: float) -> float:
    """Give one standard deviation of it."""
    pages = round(RATE * (WHILE[1] - WHILE[0]))
    return chance.binomial_share_sd(share=lost(share), trials=pages)


ONE, AGAIN = 1 / COPIES, 1 / COPIES**2
"""The share of calls that fail, and of those that fail at two tries, each at any copy."""

PREDICTIONS = (
    *(
        predict(
            f"{proxies} proxies a call",
            PAGE_MS,
            on=variant,
            equals=1000 * CALLS * (WORK_S + proxies * PROXY_S),
            model=(1 + CALLS * hops) * HOP_S / (CALLS * (WORK_S + proxies * PROXY_S)),
            leaves_out="the ways through the machines themselves, of some milliseconds a call",
            also=also,
            source="counted",
            because=f"4 calls in turn, each 40 ms and {proxies} x 20 ms",
        )
        for variant, proxies, hops, also in (
            ("bare", 0, 2, {"retry-in-code": "no proxy either"}),
            ("node-proxy", 1, 2, {}),
            ("sidecars", 2, 3, {}),
        )
    ),
    *(
        predict(
            name,
            LOST,
            on=variant,
            equals=lost(share),
            chance=lost_sd(share),
            source="theory:availability-algebra",
            because=because,
        )
        for name, variant, share, because in (
            ("a page needs four calls", "bare", ONE, "1 - (2/3)^4"),
            ("two tries may meet one copy", "retry-in-code", AGAIN, "1 - (1 - 1/9)^4"),
        )
    ),
)
