"""What theory says of hedged requests, from the lab's own numbers."""

from harness import measures
from harness.measures import executions_per_request, late_ratio, plots
from harness.model import predict
from harness.theory import chance, queues, tails

RATE, QUEUED_RATE, END_S, FIRST_S = 50, 30, 20, 0
FAST_S, SLOW_S, SLOW_SHARE, EQUAL_S = 0.04, 0.8, 0.05, 0.09
LAW = {"mean_s": FAST_S, "slow_mean_s": SLOW_S, "slow_ratio": SLOW_SHARE}
HEDGE_AT, TIE_S = 0.95, 0.02
SECOND_COPIES = queues.md1_wait_ratio(rate_rps=QUEUED_RATE / 4, service_s=EQUAL_S, wait_s=TIE_S)
"""Requests that still wait when a second copy is sent: fewer of them, as the other queue helps."""
HEDGE_S = round(tails.two_speed_quantile_s(quantile=HEDGE_AT, **LAW), 3)
LIMIT_S = 0.5
ONE_LATE = tails.two_speed_slow_ratio(after_s=LIMIT_S, **LAW)
FEW_LATE = ONE_LATE / 5
"""Between what theory says of one try, 2.7 %, and of two, 0.1 %: what either may be by chance."""
REQUESTS = RATE * END_S
P99 = measures.latency_ms(0.99, FIRST_S, END_S)
LATE = late_ratio(1000 * LIMIT_S, FIRST_S, END_S)
SLOWEST = plots.each_second({"slowest": P99}, title="Slowest good answer")
WORK = executions_per_request("store", FIRST_S, END_S)


def p99_ms(quantile: float = 0.99) -> float:
    """Give a quantile of two tries, in milliseconds."""
    return 1000 * tails.hedged_quantile_s(quantile=quantile, hedge_s=HEDGE_S, **LAW)


def p99_sd_ms() -> float:
    """Give one standard deviation of a run's p99: that of the share beyond it, read as times."""
    share_sd = chance.binomial_share_sd(share=0.99, trials=REQUESTS)
    return (p99_ms(0.99 + share_sd) - p99_ms(0.99 - share_sd)) / 2


OTHER = "another work and load: what its queues make of it is no matter of hedging"
TAIL = predict(
    "the tail of two tries",
    P99,
    on="hedged",
    equals=p99_ms(),
    model=0.05,
    leaves_out="the way there and back, for the second try as well",
    chance=p99_sd_ms(),
    also={"queued": OTHER, "tied": OTHER},
    source="theory:hedged-requests",
    because="where P(T > t) P(T > t - 182 ms) = 1 %; one try: 1,288 ms",
)
PREDICTIONS = (
    TAIL,
    predict(
        "the extra load",
        WORK,
        on="hedged",
        equals=1 + tails.hedge_extra_ratio(hedge_quantile=HEDGE_AT),
        model=0.005,
        leaves_out="the way there and back, which brings some more past 182 ms",
        chance=chance.binomial_share_sd(share=1 - HEDGE_AT, trials=REQUESTS),
        also={"tied": "two copies that begin within a message's way are both worked on"},
        source="theory:hedged-requests",
        because="1 + (1 - 0.95): one in twenty is not there by the 95th percentile",
    ),
)
