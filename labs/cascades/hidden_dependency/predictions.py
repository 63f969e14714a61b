"""What a slow service takes down of a product with three pages, from the lab's own numbers."""

from harness import measures
from harness.model import Configure, during, predict
from harness.model.fault import Timed
from harness.theory import availability, chance

RATE, END_S, SLOW = 30, 14, (4, 12)
PAGES = {"mail": ("mailbox", 0.6), "video": ("films", 0.3), "drive": ("files", 0.1)}
"""Each page, the store that only it asks, and its share of the requests."""
ACCOUNTS, QUOTA = "accounts", "quota"
FAST_S, SLOW_S, LIMIT_S, SHORT_S = 0.01, 3, 0.3, 0.1
BEFORE, WHILE = (0, SLOW[0] - 0.5), (SLOW[0] + 0.5, SLOW[1] - 0.5)
FAILED = measures.failed_ratio(*WHILE)
WAIT_MS = measures.latency_ms(0.5, *WHILE)
ASKED = measures.attempts_per_request(QUOTA, *BEFORE)
STORES = dict(PAGES.values())
SLOWED = ("mailbox", "films")
"""What is slowed in turn; a tenth of the requests is too few for a figure."""


def slow(host: str) -> tuple[Timed, ...]:
    """Let one service take three seconds for an answer, for a while."""
    fault = Configure(host, service_ms=1000 * SLOW_S)
    return (during(*SLOW, fault, said=f"{host} takes {SLOW_S} s"),)


def _lost(store: str) -> float:
    """Give the share of requests that fail where every page needs all of its parts."""
    up = {one: float(one != store) for one in STORES}
    return sum(
        share * (1 - availability.series_availability(up[one], 1.0))
        for one, share in STORES.items()
    )


PREDICTIONS = (
    *(
        predict(
            f"{store} takes its page down",
            FAILED,
            on=f"slow-{store}",
            equals=_lost(store),
            chance=chance.binomial_share_sd(
                share=_lost(store), trials=round(RATE * (WHILE[1] - WHILE[0]))
            ),
            source="theory:availability-algebra",
            because=f"{STORES[store]:.0%} of the requests are for the page that asks {store}",
        )
        for store in SLOWED
    ),
    predict(
        "each page waits for the shortest limit",
        WAIT_MS,
        on="optional",
        equals=1000 * SHORT_S,
        model=0.15,
        leaves_out="the ways between page, accounts and quota",
        source="counted",
        because="accounts gives quota up after 100 ms and says so; the page would wait for 300",
    ),
)
