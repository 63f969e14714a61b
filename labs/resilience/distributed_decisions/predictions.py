"""How far gateways are off a limit that they keep together, from the lab's own numbers."""

from harness import measures
from harness.model import Paced, Surge, Together, predict
from harness.theory import stock

GATEWAYS, LIMIT, WAY_MS, TELL_S = 4, 32, 25, 0.5
QUIET_RPS = (16, 4, 4, 4)
"""Requests a second at each gateway while all is quiet."""
END_S = 14
FLOOD_RPS, FLOOD = 40, (4, END_S)
"""Requests a second at each gateway in the flood, and when that is: seconds of the clock begin
anywhere in those of the run, so a short flood, and what is left after it, would be mostly edges."""
TIMED_OUT_MS = 1000
NAMES = tuple(f"gateway-{number}" for number in range(1, GATEWAYS + 1))

REQUESTS = Together(
    of=tuple(
        Paced(
            rate_rps=rate,
            to=name,
            timeout_ms=TIMED_OUT_MS,
            phases=(Surge(start_s=FLOOD[0], end_s=FLOOD[1], times=FLOOD_RPS / rate),),
        )
        for name, rate in zip(NAMES, QUIET_RPS, strict=True)
    )
)

QUIET, FULL = (2, FLOOD[0]), (FLOOD[0] + 2, FLOOD[1])
"""Whole seconds, of which each is as the others: the first ones of a kind are left out."""
THROUGH = measures.goodput_rps(*FULL)
THROUGH_QUIET = measures.goodput_rps(*QUIET)
REFUSED = measures.failed_ratio(*QUIET)
TICKS = (FULL[0] + 0.25, FULL[1] - 0.25)
"""Whole half seconds, which do not begin in the moment in which gateways tell."""
CALLS = measures.attempts_rps("counter", *TICKS)
WAIT_MS = measures.latency_ms(0.5, *QUIET)

IN_FLOOD = (FLOOD_RPS,) * GATEWAYS
HEARD_S = TELL_S + 4 * WAY_MS / 1000
"""How far a second has gone when all have told, and then heard, what was let through in it."""
WHOLE = stock.sold_apart(IN_FLOOD, left=LIMIT, span_s=1)
UNHEARD = stock.sold_apart(IN_FLOOD, left=LIMIT, span_s=HEARD_S)
OF_SHARES = stock.sold_from_shares(QUIET_RPS, shares=(LIMIT / GATEWAYS,) * GATEWAYS, span_s=1)
REFUSED_RATIO = 1 - OF_SHARES / sum(QUIET_RPS)
REFUSED_COUNT = REFUSED_RATIO * sum(QUIET_RPS) * (QUIET[1] - QUIET[0])
TOLD_RPS = 2 * GATEWAYS / TELL_S
HOP_S = 0.006
"""The most that a call takes on its way through the machines, on containers as well."""
LATE = GATEWAYS * (1 + FLOOD_RPS * 2 * HOP_S)
"""A request at each gateway before the clock's half second, and those while calls take longer."""

PREDICTIONS = (
    predict(
        "each lets the whole limit through",
        THROUGH,
        on="whole",
        equals=WHOLE,
        model=0.02,
        leaves_out="a request that comes in another second than it was sent for",
        also={"counts": "also lets too much through, and less"},
        source="theory:sold-apart",
        because=f"{GATEWAYS} gateways, each asked {FLOOD_RPS} times, each with all of {LIMIT}",
    ),
    predict(
        "what is let through until they hear",
        THROUGH,
        on="counts",
        equals=UNHEARD,
        model=LATE / UNHEARD,
        leaves_out="a request at each gateway, and the ways through the machines",
        source="theory:sold-apart",
        because=f"{HEARD_S:g} s of {GATEWAYS * FLOOD_RPS}/s, before any gateway has heard of it",
    ),
    predict(
        "the busy gateway's share is too small",
        REFUSED,
        on="share",
        equals=REFUSED_RATIO,
        model=2 / REFUSED_COUNT,
        leaves_out="a request that is refused at each end of the window",
        source="theory:sold-apart",
        because=f"{QUIET_RPS[0]}/s at a gateway that may let {LIMIT // GATEWAYS} through",
    ),
    predict(
        "two calls of each gateway every half second",
        CALLS,
        on="demand",
        equals=TOLD_RPS,
        model=TELL_S / (TICKS[1] - TICKS[0]),
        leaves_out="a round of calls that an end of the window cuts off",
        also={"counts": "tells as often"},
        source="counted",
        because=f"{GATEWAYS} tell, and {GATEWAYS} hear, {1 / TELL_S:g} times a second",
    ),
    predict(
        "a call for each request",
        CALLS,
        on="asked",
        equals=GATEWAYS * FLOOD_RPS,
        model=0.02,
        leaves_out="a request at an end of the window",
        source="counted",
        because=f"{GATEWAYS} gateways are asked {FLOOD_RPS} times a second each",
    ),
)
