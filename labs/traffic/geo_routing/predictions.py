"""What theory says of a region that is lost, from the lab's own numbers."""

from harness import measures
from harness.measures import plots
from harness.model import predict
from harness.theory import chance, delivery, membership, routing
from labs.traffic.geo_routing.measures import last_lost_s

RATE, USERS = 16, 48
GAP_S = USERS / RATE
"""How long it is on average from one request of a person to the next."""
TTL_S, SHORT_S, HOLD_S, IGNORING = 10, 2, 20, 0.25
LOST_S, MOVES_S, END_S = 10.5, 3, 23
PROBE_S, PROBES, PROBE_LIMIT_S = 1, 2, 0.2
FAR_S, WORK_S, LIMIT_S = 0.08, 0.02, 1
BEFORE = (0, LOST_S - LIMIT_S)
WHOLE = (LOST_S, END_S - 1)
FOUND_S = MOVES_S + SHORT_S + LIMIT_S
"""When all have found the other region who heed a short time to live, with a limit to spare."""
LOOKUPS_RPS = measures.attempts_rps("resolver", 3, END_S - 1)
FAILED, LAST_S = measures.failures(*WHOLE), last_lost_s(*WHOLE)
LATER_MS = measures.latency_ms(0.5, LOST_S + FOUND_S, END_S - 1)
SLOW = measures.late_ratio(900, *WHOLE)
EACH_SECOND = plots.each_second(
    {"failed": measures.failed_ratio(*WHOLE)}, title="Share of the requests that fail"
)
WAY = "requests that are under way when the region is lost, and the way there and back"
START = f"{WAY}; the first answers, not long ago; and the last seconds after the run"


def failed(outage_s: float) -> float:
    """Give how many requests fail in a time."""
    return delivery.outage_requests(rate_rps=RATE, duration_s=outage_s)


def by_name_s(ttl_s: float) -> float:
    """Give for how long people find no region on average, where a name is moved."""
    return routing.name_failover_s(moved_after_s=MOVES_S, ttl_s=ttl_s, gap_s=GAP_S)


def by_name_sd_s(ttl_s: float) -> float:
    """Give one standard deviation of it."""
    return routing.name_failover_sd_s(ttl_s=ttl_s, gap_s=GAP_S, users=USERS)


ANYCAST_S = membership.probes_detection_s(period_s=PROBE_S, bad_probes=PROBES, fail_s=PROBE_LIMIT_S)
PREDICTIONS = (
    *(
        predict(
            name,
            FAILED,
            on=on,
            equals=failed(by_name_s(ttl_s)),
            model=model,
            also=also,
            leaves_out=START,
            chance=failed(by_name_sd_s(ttl_s)),
            source="theory:name-failover",
            because=because,
        )
        for name, on, ttl_s, model, also, because in (
            ("3 s, and what is left of 10 s", "dns", TTL_S, 0.1,
             {"ignored": "a quarter of the people, for longer"},
             "16/s x (3 s until the name moves, and 3.8 s until it is asked for again)"),
            ("3 s, and what is left of 2 s", "dns-short", SHORT_S, 0.1,
             {"ignored": "where few have asked lately, hardly more",
              "anycast": "where the last probe was just before the loss"},
             "16/s x (3 s until the name moves, and 0.4 s until it is asked for again)"),
        )
    ),
    predict(
        "two probes that fail",
        FAILED,
        on="anycast",
        equals=failed(ANYCAST_S),
        model=0.1,
        leaves_out=WAY,
        chance=failed(chance.uniform_sd(width=PROBE_S)),
        seeds=3,
        also={"dns-short": "3.4 s and not 1.9, which a late probe comes near to"},
        source="theory:probe-detection",
        because="16/s x (1.5 s on average until a second probe in a row fails, and 0.4 s for both)",
    ),
)  # fmt: skip
