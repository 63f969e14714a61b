"""What theory says of limits in front of a service that gets slower, from the lab's own numbers."""

import math

from harness import measures
from harness.model import predict
from harness.theory import caching, loss

SLOTS, USUAL_S, TIMES = 12, 0.1, 4
SLOW_S = TIMES * USUAL_S
RATE, PATIENCE_S = 45, 1
CAPACITY_RPS, LEFT_RPS = SLOTS / USUAL_S, SLOTS / SLOW_S
"""What the shop can do a second on a usual day, and while it is slow."""
START = round(CAPACITY_RPS * PATIENCE_S / 2)
"""The limit on a usual day: as many as are answered in half of the time that customers wait."""
EARLY_S, LATE_S, CUT = 2 * USUAL_S, 0.7, 0.7
NARROW, WIDE = 1.5, 5
SLOW, END_S = (3, 17), 21
QUIET, FULL = (0, SLOW[0] - 0.5), (SLOW[0] + 8, SLOW[1])
"""Before it is slow, and when the limits have had eight seconds to learn."""
FULL_S = FULL[1] - FULL[0]

GOOD = measures.goodput_rps(*FULL)
TIME_MS, LONG_MS = measures.latency_ms(0.5, *FULL), measures.latency_ms(0.9, *FULL)
GOOD_AFTER = measures.success_ratio(SLOW[1] + 2, END_S)

STEEPEST = 0.5
"""The gradient halves the limit at most, before it adds the root."""
SETTLES = round(1 / (1 - max(STEEPEST, NARROW / TIMES)) ** 2)
"""Where limit x slope + root of the limit is the limit, with nobody waiting in a queue."""
LEAST = 1


def served_rps(limit: int) -> float:
    """Give what a limit below the slots lets through, nobody waiting: Erlang's B."""
    return RATE * (1 - loss.erlang_b(servers=limit, offered_erlangs=RATE * SLOW_S))


EDGES_VAR = 1 / 6
"""Variance of where a slot's work is cut by the window: Cox, Renewal Theory, 1962."""


def served_sd_rps(limit: int) -> float:
    """Give one standard deviation of it in one run: work that is fixed, and a gap by chance."""
    of_one = caching.ttl_misses_sd(rate_rps=RATE, ttl_s=SLOW_S, duration_s=FULL_S)
    return math.sqrt(limit * (of_one**2 + EDGES_VAR)) / FULL_S


UNDER_WAY_SD = LATE_S * LEFT_RPS * (1 - CUT) / math.sqrt(12)
"""Of how many are under way at one moment, anywhere between a cut and the next."""
WAY = "the way there and back, some milliseconds of 400"

PREDICTIONS = (
    predict(
        "all slots stay busy",
        GOOD,
        on="aimd",
        equals=LEFT_RPS,
        model=0.03,
        leaves_out="a moment in which a cut leaves a slot idle",
        chance=math.sqrt(2) * UNDER_WAY_SD / FULL_S,
        also={"gradient-wide": "its limit is above the slots as well"},
        source="counted",
        because=f"{SLOTS} slots, {SLOW_S:g} s each; a cut from {LATE_S * LEFT_RPS:g} leaves "
        f"{CUT * LATE_S * LEFT_RPS:.0f} of them work",
    ),
    predict(
        "the gradient settles at four",
        GOOD,
        on="gradient",
        equals=served_rps(SETTLES),
        model=0.03,
        leaves_out=WAY,
        chance=served_sd_rps(SETTLES),
        source="theory:mmck-erlang-b",
        because=f"n/2 + root of n is n at n = {SETTLES}: Erlang's B of {SETTLES} slots",
    ),
    predict(
        "one at a time is left",
        GOOD,
        on="aimd-early",
        equals=served_rps(LEAST),
        model=0.03,
        leaves_out=WAY,
        chance=served_sd_rps(LEAST),
        source="theory:mmck-erlang-b",
        because="every call is late, so the limit falls to the least: Erlang's B of one slot",
    ),
)
