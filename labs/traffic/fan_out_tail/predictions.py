"""What theory says of pages that wait for many, from the lab's own numbers."""

from harness.measures import executions_per_request, late_ratio, latency_ms, plots
from harness.model import predict
from harness.theory import chance, tails
from labs.traffic.fan_out_tail.measures import lacking_ratio

RATE, END_S, LEAVES = 2, 20, (1, 10, 100)
MANY = LEAVES[-1]
FAST_S, SLOW_S, SLOW_SHARE = 0.01, 1, 0.01
LIMIT_S, PATIENCE_S = SLOW_S / 2, 0.3
ENOUGH = 0.95
OFTEN = 30 * SLOW_SHARE
PAGES = RATE * END_S
LATE, LACKING = late_ratio(1000 * LIMIT_S, 0, END_S), lacking_ratio(0, END_S)
CALLS, P99 = executions_per_request("leaves", 0, END_S), latency_ms(0.99, 0, END_S)
SLOWEST = plots.each_second({"slowest": P99}, title="Slowest page")


def late(leaves: float) -> float:
    """Give the share of pages that wait for a slow leaf."""
    return tails.fanout_slow_ratio(slow_ratio=SLOW_SHARE, leaves=int(leaves))


def late_sd(leaves: float) -> float:
    """Give what stands for its standard deviation in one run, in which few pages may be late."""
    return chance.skewed_share_sd(share=late(leaves), trials=PAGES)


PREDICTIONS = (
    predict(
        "two pages of three wait for a slow leaf",
        LATE,
        on="leaves-100",
        equals=late(MANY),
        chance=late_sd(MANY),
        source="theory:fanout-tail",
        because="1 - 0.99^100: no slow one among a hundred",
    ),
)
