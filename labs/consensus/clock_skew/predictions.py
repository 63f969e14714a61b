"""What theory says of clocks that lie, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, clocks
from labs.consensus.clock_skew.measures import lost_update_ratio

RATE, KEYS, SKEW_S, FROM_S, TO_S, LONG_S = 60, 40, 2, 5, 17, 25
WRITES = 2 / 3  # of the requests; the others check tokens
SKEW = {"skew_s": SKEW_S, "spacing_s": KEYS / (RATE * WRITES)}
AFTER_S = 1.5
TOKEN = "/token"  # noqa: S105 - a path, not a password
STEADY = lost_update_ratio(8, TO_S)
AFTER = lost_update_ratio(TO_S, TO_S + AFTER_S)
TAKEN = measures.success_ratio(8, TO_S, path=TOKEN)

PREDICTIONS = (
    predict(
        "lost in proportion to skew and spacing",
        STEADY,
        on="wall-clock",
        equals=clocks.lww_lost_ratio(**SKEW),
        chance=clocks.lww_lost_ratio_sd(**SKEW, window_s=TO_S - 8, keys=KEYS),
        source="theory:crdt",
        because="(1 - exp(-2 s / (2 x 1 s))) / 2",
    ),
    predict(
        "stamps of the future outlive the skew",
        AFTER,
        on="wall-clock",
        equals=clocks.lww_lost_ratio_after_reset(**SKEW, from_s=0, to_s=AFTER_S),
        chance=clocks.lww_lost_ratio_after_reset_sd(**SKEW, from_s=0, to_s=AFTER_S, keys=KEYS),
        seeds=4,
        source="theory:crdt",
        because="mean of 1 - exp(-(2 s - u) / (2 x 1 s)), u from 0 to 1.5 s",
    ),
    predict(
        "one of two refuses all tokens",
        TAKEN,
        on="wall-clock",
        equals=1 / 2,
        chance=chance.binomial_share_sd(share=1 / 2, trials=int((TO_S - 8) * RATE * (1 - WRITES))),
        source="counted",
        because="two seconds ahead, a token of one second has expired",
    ),
    predict(
        "a version costs a read",
        measures.attempts_per_request("registers", FROM_S, LONG_S),
        on="versions",
        equals=1 + WRITES,
        chance=chance.binomial_share_sd(share=WRITES, trials=(LONG_S - FROM_S) * RATE),
        source="counted",
        because="two calls for each write, one for each token",
    ),
)
