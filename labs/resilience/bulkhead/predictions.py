"""What theory says of a pool with walls and without, from the lab's own numbers."""

from typing import NamedTuple

from harness import measures
from harness.model import predict
from harness.theory import loss

SLOTS, CAPPED, HALF = 10, 6, 5
CAP = "gateway.outgoing.bulkhead.slots"
RATE, CALL_S, TIMES = 5, 0.2, 6
PAY_RATE, PAY_S, SLOW_PAY_S = 10, 0.1, 2
QUIET_S, RUSH, SLOW, END_S = 3, (3, 15), (17, 33), 34
SETTLED = (SLOW[0] + SLOW_PAY_S, SLOW[1])
"""When the slow service has as many calls under way as it will have, or all slots are taken."""
BESIDE = measures.failed_ratio(*SETTLED, path="/catalog")
BUSY = measures.failed_ratio(*RUSH, path="/catalog")
LOST = measures.failed_ratio(*SETTLED, path="/payments")
WAY = "the way there and back, some milliseconds of 200, and the first moments"
LAW = "theory:bulkhead-isolation"


class Day(NamedTuple):
    """What the catalog and payments are asked for, a second, and how long each takes."""

    rates_rps: tuple[float, float]
    services_s: tuple[float, float]


SLOW_DAY = Day((RATE, PAY_RATE), (CALL_S, SLOW_PAY_S))
RUSH_DAY = Day((TIMES * RATE, PAY_RATE), (CALL_S, PAY_S))


def refused(cap: int, day: Day) -> float:
    """Give the share of catalog calls that ten slots refuse, where no service has over a cap."""
    offered = [rate * time for rate, time in zip(*day, strict=True)]
    return loss.capped_loss_ratio(slots=SLOTS, cap=cap, offered_erlangs=offered)


def refused_sd(cap: int, day: Day, window: tuple[float, float]) -> float:
    """Give one standard deviation of that share in a window."""
    rates_rps, services_s = day
    return loss.capped_loss_sd(
        slots=SLOTS,
        cap=cap,
        rates_rps=rates_rps,
        services_s=services_s,
        duration_s=window[1] - window[0],
    )


PREDICTIONS = (
    predict(
        "the pool refuses both alike",
        BESIDE,
        on="shared",
        equals=refused(SLOTS, SLOW_DAY),
        model=0.05,
        leaves_out=WAY,
        chance=refused_sd(SLOTS, SLOW_DAY, SETTLED),
        seeds=2,
        source=LAW,
        because="Erlang's B of 10 slots, of which payments wants 20 and the catalog 1",
    ),
    predict(
        "in its own rush it has half of them",
        BUSY,
        on="split",
        equals=refused(HALF, RUSH_DAY),
        model=0.05,
        leaves_out=WAY,
        chance=refused_sd(HALF, RUSH_DAY, RUSH),
        also={"capped": "one slot more makes it 27 %, which one run hardly tells from 36"},
        source=LAW,
        because="Erlang's B of 5 slots, of which it wants 6, while 4 stand idle next door",
    ),
)
