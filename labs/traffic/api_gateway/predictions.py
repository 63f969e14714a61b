"""What a hop costs and what it saves, from the lab's own numbers."""

from harness import measures
from harness.model import Paced, Surge, predict
from harness.theory import caching, networks, overload

BACKENDS = ("profile", "orders", "stock", "offers")
PARTS = ",".join(BACKENDS)
RATE, TIMES, SURGE, END_S = 12, 2.5, (4, 10), 18
"""Pages a second, how many times as many come for a while, and when."""
CHECK_S, WORK_S, WAY_S, LIMIT_S = 0.012, 0.01, 0.04, 0.5
USERS, KEEP_S = 10, 2
BUSY_RPS = RATE * TIMES
CAPACITY_RPS = 1 / CHECK_S

PAGES = Paced(
    rate_rps=RATE, to="handset", path="/as/{key}", keys=USERS, timeout_ms=3000,
    phases=(Surge(start_s=SURGE[0], end_s=SURGE[1], times=TIMES),),
)  # fmt: skip

QUIET = (0, SURGE[0] - 0.5)
PAGE_MS = measures.latency_ms(0.5, *QUIET)
CHECKS = measures.attempts_per_request("auth", *SURGE)
SPAN_S = SURGE[1] - SURGE[0]
BACKLOG = overload.backlog(
    rate_rps=len(BACKENDS) * BUSY_RPS, capacity_rps=CAPACITY_RPS, duration_s=SPAN_S
)
FULL_S = overload.fifo_collapse_s(
    rate_rps=len(BACKENDS) * BUSY_RPS, capacity_rps=CAPACITY_RPS, timeout_s=LIMIT_S
)
"""How long after the beginning of the surge the checks come too late."""
AFTER_S = (BACKLOG - LIMIT_S * CAPACITY_RPS) / (CAPACITY_RPS - len(BACKENDS) * RATE)
"""How long after its end they still do."""
LOST = measures.failed_ratio(SURGE[0] + FULL_S + 1, SURGE[1] + AFTER_S - 1)
ALL_LATE = float(BACKLOG / CAPACITY_RPS > LIMIT_S)
"""The share of the checks that come too late then: they wait for all that is before them."""
THEN = measures.failed_ratio(SURGE[0] + FULL_S + 0.5, SURGE[1])
SERVED_RPS = (CAPACITY_RPS - BUSY_RPS) / len(BACKENDS)
"""The most pages a second that may have five checks each, where those that fail have had one."""
KEPT = caching.ttl_hit_ratio(rate_rps=BUSY_RPS / USERS, ttl_s=KEEP_S)
KEPT_SD = caching.ttl_misses_sd(rate_rps=BUSY_RPS / USERS, ttl_s=KEEP_S, duration_s=SPAN_S)
ALONE_S = USERS / BUSY_RPS
"""How long no answer of a user is kept, on average, once the last one has run out."""
CYCLE_S = KEEP_S + ALONE_S
"""From one check of a user to the next."""
UNKEPT = 1 - caching.ttl_hit_ratio(rate_rps=RATE / USERS, ttl_s=KEEP_S)
"""The share of users without an answer when the surge begins: as many as on a quiet day."""
FIRST_S = ALONE_S + (1 - UNKEPT) * KEEP_S / 2
SETTLED_S = (ALONE_S**2 + CYCLE_S**2) / (2 * CYCLE_S)
"""How long a user's first check is away then, and how long it is at any later moment."""
EARLY = USERS * (SETTLED_S - FIRST_S) / CYCLE_S / (BUSY_RPS * SPAN_S)
"""Checks a page that come of it: Cox, Renewal Theory, 1962, a modified renewal process."""
EDGES_VAR = 1 / 6
"""Variance of where a user's two seconds are cut by the window: Cox, Renewal Theory, 1962."""
ASKED_SD = (USERS * (KEPT_SD**2 + EDGES_VAR)) ** 0.5 / (BUSY_RPS * SPAN_S)
TRIP_S = networks.round_trips_s(round_trips=1, rtt_s=2 * WAY_S)
HOP_S = 0.006
"""The most that a call takes on its way through the machines, on containers as well."""

PREDICTIONS = (
    *(
        predict(
            f"{checks} checks on the way",
            PAGE_MS,
            on=variant,
            equals=1000 * (TRIP_S + checks * CHECK_S + WORK_S),
            model=calls * HOP_S / (TRIP_S + checks * CHECK_S + WORK_S),
            leaves_out="the ways through the machines themselves, of some milliseconds a call",
            also=also,
            source="theory:speed-of-light",
            because=f"80 ms there and back, {checks} x 12 ms and 10 ms of work",
        )
        for variant, checks, calls, also in (
            ("direct", len(BACKENDS), 3, {"checked-twice": "one check more"}),
            ("checked-twice", 1 + len(BACKENDS), 5, {"direct": "one check fewer"}),
            ("gateway", 1, 4, {"gateway-keeps": "one check or none"}),
            ("gateway-keeps", 0, 3, {"gateway": "12 ms more"}),
        )
    ),
    predict(
        "no page until the checks are worked off",
        LOST,
        on="direct",
        equals=ALL_LATE,
        model=0.05,
        leaves_out="a page whose four checks come at a lucky moment",
        source="theory:overload-fifo-collapse",
        because=f"4 x {BUSY_RPS:g}/s for {CAPACITY_RPS:.0f}/s: too late after {FULL_S:.1f} s, and "
        f"until {AFTER_S:.1f} s after the surge",
    ),
    predict(
        "a check for each user every two seconds",
        CHECKS,
        on="gateway-keeps",
        equals=1 - KEPT + EARLY,
        chance=ASKED_SD,
        source="theory:ttl-cache",
        because=f"{USERS} users ask {BUSY_RPS / USERS:g} times a second each, and one in "
        f"{1 / (1 - KEPT):.0f} finds no answer that is kept; a few more when the surge begins",
    ),
)
