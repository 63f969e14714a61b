"""What theory says of work for callers that left, from the lab's own numbers."""

from harness.measures import outcomes
from harness.model import predict
from harness.theory import chance, loss, tails
from labs.resilience.timeout_budget.measures import late_share

RATE, SLOTS = 20, 8
QUICK_S, SLOW_S, SLOW_SHARE = 0.05, 4, 0.25
PATIENCE_S, LIMIT_S, NESTED_S = 0.5, 3, 0.45
SLOW, END_S = (4, 24), 26
SETTLED = (SLOW[0] + SLOW_S, SLOW[1])
"""When as many slow calls are under way as there will be."""
REFUSED = outcomes.outcome_ratio("bank", "503", *SETTLED)
SLOTS_LATE, WORK_LATE = late_share("bank", *SETTLED), late_share("ledger", *SETTLED)
CALLS = RATE * (SETTLED[1] - SETTLED[0])
WAY = "the way there and back, some milliseconds of 50, and calls that the window cuts"
ORPHAN = "theory:timeout-deadline"


def held_s(slow_s: float, share: float = SLOW_SHARE) -> float:
    """Give how long a call holds its slot on average, where a slow one does for so long."""
    return share * slow_s + (1 - share) * QUICK_S


def late(slow_s: float, left_s: float, share: float = SLOW_SHARE) -> float:
    """Give the share of that time which comes after the caller of a slow call has left."""
    orphaned_s = tails.orphaned_work_s(hops=1, timeout_s=slow_s - left_s)
    return share * orphaned_s / held_s(slow_s, share)


def late_sd(slow_s: float, left_s: float) -> float:
    """Give what chance does to it: how many of the calls are slow."""
    one_sd = chance.binomial_share_sd(share=SLOW_SHARE, trials=CALLS // 2)  # half are refused
    return late(slow_s, left_s, SLOW_SHARE + one_sd) - late(slow_s, left_s)


WANTED = RATE * held_s(LIMIT_S)
"""How many slots are wanted on average, where nobody hears of anybody's limit."""

PREDICTIONS = (
    predict(
        "slots held for callers that left",
        SLOTS_LATE,
        on="limits",
        equals=late(LIMIT_S, PATIENCE_S),
        model=0.05,
        leaves_out=WAY,
        chance=late_sd(LIMIT_S, PATIENCE_S),
        source=ORPHAN,
        because="a slow call holds its slot for 3 s, and its caller waits for 0.5 s of them",
    ),
    predict(
        "so who could be served is refused",
        REFUSED,
        on="limits",
        equals=loss.erlang_b(servers=SLOTS, offered_erlangs=WANTED),
        model=0.05,
        leaves_out=WAY,
        chance=loss.capped_loss_sd(
            slots=SLOTS,
            cap=SLOTS,
            rates_rps=((1 - SLOW_SHARE) * RATE, SLOW_SHARE * RATE),
            services_s=(QUICK_S, LIMIT_S),
            duration_s=SETTLED[1] - SETTLED[0],
        ),
        seeds=3,
        source="theory:mmck-erlang-b",
        because="Erlang's B of 8 slots, of which 20/s x (0.25 x 3 s + 0.75 x 0.05 s) are wanted",
    ),
    predict(
        "limits that fit do not reach the ledger",
        WORK_LATE,
        on="nested",
        equals=late(SLOW_S, NESTED_S),
        model=0.05,
        leaves_out=WAY,
        chance=late_sd(SLOW_S, NESTED_S),
        also={"limits": "the ledger hears of nobody's limit"},
        source=ORPHAN,
        because="slow work takes 4 s, and bank waits for 0.45 s of them",
    ),
)
