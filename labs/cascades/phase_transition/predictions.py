"""What theory says of a line that must get shorter again, from the lab's own numbers."""

from harness.measures import failures, latency_ms, plots
from harness.model import Paced, predict
from harness.theory import retries
from labs.cascades.phase_transition.measures import late_for_s

SERVICE_S, STALL_S, LIMIT_S = 0.02, 0.6, 0.1
CAPACITY_RPS = 1 / SERVICE_S
SHARES = (50, 70, 80, 90, 95)
FROM_S, END_S = 4, 18
AGAIN_S = FROM_S + STALL_S
LATE_S = late_for_s(1000 * LIMIT_S, AGAIN_S, END_S)
REFUSED = failures(FROM_S, END_S)
EACH_SECOND = plots.each_second({"median": latency_ms(0.5, 0, 1)}, title="Latency")
ROOM, TURN = 3, "requests come one by one, so the last late one is counted to within a gap"


def load(percent: float) -> Paced:
    """Send a share of what the app can do."""
    return Paced(rate_rps=percent / 100 * CAPACITY_RPS, to="app", timeout_ms=10_000)


def late_s(percent: float, workers: int = 1) -> float:
    """Give how long after the stall requests are late at such a load."""
    return retries.drain_time_s(
        rate_rps=percent / 100 * CAPACITY_RPS,
        capacity_rps=workers * CAPACITY_RPS,
        stall_s=STALL_S,
        patience_s=LIMIT_S - SERVICE_S,
    )


def within_s(percent: float) -> float:
    """Give a quarter of the gap between two requests: the last late one is seen to within a gap."""
    return 1 / (percent / 100 * CAPACITY_RPS) / 4


DRAINS = "theory:backlog-drain"
PREDICTIONS = tuple(
    predict(
        name,
        LATE_S,
        on=on,
        equals=late_s(percent, workers),
        model=0.1,
        leaves_out=TURN,
        chance=within_s(percent),
        source=DRAINS,
        because=f"({percent / 100 * CAPACITY_RPS:g}/s x 0.6 s - {50 * workers}/s x 0.08 s) / "
        f"({50 * workers}/s - {percent / 100 * CAPACITY_RPS:g}/s)",
        also=also,
    )
    for name, on, percent, workers, also in (
        ("at 70 % it is over soon", "busy-70", 70, 1, {}),
        ("at 95 % it is not", "busy-95", 95, 1, {}),
        ("with two workers it is", "wider", 95, 2, {"busy-50": "0.44 s: half is to spare, too"}),
    )
)
