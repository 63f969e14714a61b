"""What theory says of clients that all come back at one moment, from the lab's own numbers."""

from harness import measures
from harness.measures import gauges, outcomes, plots
from harness.model import predict
from harness.theory import chance, reconnects, retries
from labs.cascades.thundering_herd.measures import nth_good_call_s

CLIENTS, SESSION_S, PATIENCE_S, START_S = 64, 0.06, 1, 5
CAPACITY_RPS = 1 / SESSION_S
PAUSE_S, CAP_S, WINDOW_S, SLOTS = 0.5, 4, 7, 14
LOST_S, BACK_S, END_S = 9, 9.2, 32
"""When all connections end, when new ones can be made, and when the run ends."""
CENSUS_S = 2
"""Each app is looked at once in this time."""
LOOKS_RPS = CLIENTS / CENSUS_S
BEFORE = (LOST_S - CENSUS_S, LOST_S)
MIDST = (BACK_S + 3, BACK_S + 3 + CENSUS_S)
SOON = (BACK_S + 8, BACK_S + 8 + CENSUS_S)
LATE = (END_S - CENSUS_S, END_S)
ROUND_S = PATIENCE_S + PAUSE_S
ROUNDS = (LOST_S + PAUSE_S + 5.5 * ROUND_S, LOST_S + PAUSE_S + 13.5 * ROUND_S)
"""Eight rounds of calls, from halfway between two on."""

SHARE_BEFORE, SHARE_MIDST, SHARE_SOON, SHARE_LATE = (
    measures.success_ratio(*window) for window in (BEFORE, MIDST, SOON, LATE)
)
ALL_BACK_S = nth_good_call_s(CLIENTS, "gateway", "/sessions", BACK_S, END_S)
CALLS_RPS = measures.attempts_rps("gateway", *ROUNDS)
CALLS = outcomes.calls("accounts", BACK_S, END_S)
CONNECTED = plots.each_second(
    {"connected": gauges.level("apps_connected", 0, 1)}, title="Apps that have a session"
)

AT_ONCE = reconnects.served_at_once(
    clients=CLIENTS, capacity_rps=CAPACITY_RPS, patience_s=PATIENCE_S
)
LOCKED_OUT = reconnects.locked_out_from(
    capacity_rps=CAPACITY_RPS, patience_s=PATIENCE_S, pause_s=PAUSE_S
)
SPREAD_SHARE = reconnects.spread_back_share(
    window_s=WINDOW_S, down_s=BACK_S - LOST_S, after_s=sum(MIDST) / 2 - BACK_S
)
LAW = "theory:reconnect-lockout"

PREDICTIONS = (
    predict(
        "those get in whom one patience serves",
        SHARE_LATE,
        on="steady",
        equals=AT_ONCE / CLIENTS,
        model=0.08,
        leaves_out="the way there and back, by which the last one may come too late",
        also={"jitter": "in some runs hardly any app gets in later on"},
        source=LAW,
        because="1 s / 60 ms = 16 of 64: all others have given up when they are served",
    ),
    predict(
        "the rest call twice as often as sessions are made",
        CALLS_RPS,
        on="steady",
        equals=retries.serial_attempts_rps(
            clients=CLIENTS - AT_ONCE, attempt_s=PATIENCE_S, pause_s=PAUSE_S
        ),
        model=0.03,
        leaves_out="the way there and back, and one app that was too late",
        source="theory:goodput-closed-retry",
        because="48 apps, each of which waits for 1 s and pauses for 0.5 s: 32/s, and 16.7/s "
        "is all that the accounts can do",
    ),
    predict(
        "spread out, they come back evenly",
        SHARE_MIDST,
        on="spread",
        equals=SPREAD_SHARE,
        model=0.05,
        leaves_out="a session's own time, and a short wait for it",
        chance=chance.binomial_share_sd(share=SPREAD_SHARE, trials=CLIENTS),
        seeds=4,
        source=LAW,
        because="4 s after the restart, of a window of 7 s: 4/7, and 3 % more for those that "
        "drew a moment within the restart and drew again",
    ),
    predict(
        "spread out, each calls once",
        CALLS,
        on="spread",
        equals=CLIENTS,
        model=0.01,
        leaves_out="nothing but a call that is lost on its way",
        also={"bounded": "what the gateway refuses does not get to the accounts"},
        source="counted",
        because="the sessions that were lost",
    ),
    predict(
        "with a bound, no session is made for nobody",
        ALL_BACK_S,
        on="bounded",
        equals=LOST_S + PAUSE_S - BACK_S + CLIENTS * SESSION_S,
        model=0.05,
        leaves_out="the way there and back, and the accounts' rest when the last few pause",
        source="counted",
        because="64 x 60 ms, from the first call after the restart on, which comes 0.3 s later",
    ),
)
