"""What is sent, and what theory says a limit lets through of it."""

from harness.model import Paced, Poisson, Send, Surge, Together, predict
from harness.theory import chance, loss, overload
from labs.resilience.rate_limiting.measures import late_ratio, most_let_through, refused_ratio

NODES = 4
LIMIT_RPS, BURST, SPAN_S = 10, 4, 6
IN_SPAN = LIMIT_RPS * SPAN_S
OTHERS, EACH_RPS, TIMES = 8, 2.5, 60
OTHERS_RPS = OTHERS * EACH_RPS
SLOTS, WORK_S, PATIENCE_S = 4, 0.1, 0.35
CAPACITY_RPS = SLOTS / WORK_S
FROM_S, TO_S = 2.5, 8.5
"""When the flood begins and ends."""
END_S = 16
FLOODER, OTHER = "/?client=flooder", "/?client=other"
LATE = late_ratio(OTHER, FROM_S, TO_S)
TURNED_AWAY = refused_ratio(OTHER, 0, END_S)
MOST = most_let_through(SPAN_S, FLOODER, "database", 0, END_S)


def sent(nodes: int) -> Together:
    """Give what is sent, each request to any of so many nodes."""
    return Together(
        of=(
            Poisson(
                rate_rps=OTHERS_RPS,
                to="api-1",
                mix=_to_any(nodes, f"{OTHER}-{{key}}"),
                keys=OTHERS,
                timeout_ms=1000 * PATIENCE_S,
            ),
            Paced(
                rate_rps=1,
                to="api-1",
                mix=_to_any(nodes, FLOODER),
                timeout_ms=1000 * PATIENCE_S,
                phases=(Surge(start_s=FROM_S, end_s=TO_S, times=TIMES),),
            ),
        )
    )


def _to_any(nodes: int, path: str) -> tuple[Send, ...]:
    return tuple(Send(to=f"api-{node}", path=path) for node in range(1, nodes + 1))


BUCKET = overload.token_bucket_admitted(
    rate_rps=TIMES, refill_rps=LIMIT_RPS, burst=BURST, duration_s=SPAN_S
)


def too_long_s(flood_rps: float) -> float:
    """Give how long it takes until the line is too long for the others, who need work as well."""
    return overload.fifo_collapse_s(
        rate_rps=flood_rps + OTHERS_RPS,
        capacity_rps=CAPACITY_RPS,
        timeout_s=PATIENCE_S - WORK_S,
    )


FULL_S, EMPTY_S = too_long_s(TIMES), too_long_s(NODES * LIMIT_RPS)
"""While all buckets have tokens, and while none has any saved."""
AT_A_NODE = EACH_RPS / LIMIT_RPS
"""What another customer asks of a node, as a share of what each of four allows it."""
REQUESTS = OTHERS_RPS * END_S
WHOLE = "the part of a request that a window or a bucket holds, and what it had sent before"

PREDICTIONS = (
    predict(
        "two windows' worth around an edge",
        MOST,
        on="fixed-window",
        equals=2 * IN_SPAN,
        model=0.04,
        leaves_out=WHOLE,
        source="counted",
        because="60 before the edge of a window and 60 after it",
    ),
    predict(
        "one window's worth",
        MOST,
        on="sliding-window",
        equals=IN_SPAN,
        model=0.04,
        leaves_out=WHOLE,
        also={"split": "what its four small buckets let through is about as much"},
        source="counted",
        because="10/s x 6 s, in whichever six seconds",
    ),
    predict(
        "a burst, and then the rate",
        MOST,
        on="token-bucket",
        equals=BUCKET,
        model=0.04,
        leaves_out=WHOLE,
        also={"shared": "it is the same bucket, in another place"},
        source="theory:token-bucket",
        because="b + r t = 4 + 10/s x 6 s",
    ),
    predict(
        "each node lets as much through",
        MOST,
        on="per-node",
        equals=NODES * BUCKET,
        model=0.05,
        leaves_out="tokens that full buckets lose or that are left, as each node's share is random",
        chance=chance.sum_sd(*[1.0] * (2 * NODES)),
        source="theory:token-bucket",
        because="four nodes, each with a bucket of its own: 4 x (4 + 10/s x 6 s)",
    ),
    predict(
        "nobody is in time once the wait is too long",
        LATE,
        on="per-node",
        equals=1 - FULL_S / (TO_S - FROM_S),
        model=(EMPTY_S - FULL_S) / (TO_S - FROM_S - FULL_S),
        leaves_out="buckets that are empty by chance; were all of them, 60/s would come and not 80",
        chance=chance.poisson_count_sd(rate_rps=OTHERS_RPS, duration_s=FULL_S)
        / (OTHERS_RPS * (TO_S - FROM_S)),
        source="theory:overload-fifo-collapse",
        because="80/s on 40/s: after 0.25 s the wait is 0.25 s and the work 0.1 s, and so it stays",
    ),
    predict(
        "a quarter of the limit refuses a fifth",
        TURNED_AWAY,
        on="split",
        equals=loss.erlang_b(servers=1, offered_erlangs=AT_A_NODE),
        model=0.05,
        leaves_out="that all buckets are full in the beginning",
        chance=loss.erlang_b_sd(servers=1, offered_erlangs=AT_A_NODE, calls=REQUESTS),
        source="theory:mmck-erlang-b",
        because="a node has one token, and a new one 0.4 s later: Erlang's B of 1 slot, 1/4 wanted",
    ),
)
