"""What theory says of an overloaded queue, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import overload
from labs.cascades.queue_overload.measures import in_time_ratio

RATE, TIMES, FROM_S, UNTIL_S, END_S = 4, 3.75, 4, 34, 40
FULL, FULLER, AFTER = (15, 33), (20, 33), (36, END_S)
"""When the line is full of those who are late, when it surely is, and when the surge is over."""
SERVICE_S, PATIENCE_S, MARGIN_S = 0.1, 2, 0.025
TARGET_S, INTERVAL_S = 0.3, 0.3
CARRIES, PEAK = 1 / SERVICE_S, RATE * TIMES
LOADED = {"rate_rps": PEAK, "capacity_rps": CARRIES}
GOOD, HALF = measures.goodput_rps(*FULL), measures.latency_ms(0.5, *FULL)
IN_TIME, TOLD = in_time_ratio("search", *FULL), measures.told_after_s(*FULL)
STARTED = CARRIES * (FULL[1] - FULL[0])
WAY = "the way there and back, of some milliseconds"

PREDICTIONS = (
    predict(
        "starts six of ten too late",
        IN_TIME,
        on="drop-expired",
        equals=overload.expired_dropped_in_time_ratio(**LOADED),
        model=0.1,
        leaves_out=f"{WAY}: of the time left to those who are started, 170 ms on average",
        chance=overload.expired_dropped_in_time_sd(**LOADED, started=STARTED),
        seeds=4,
        source="theory:drop-expired-gotcha",
        because="s = exp(-1.5 (1 - s)) = 0.417 have 100 ms left when they are started",
    ),
    predict(
        "half are answered almost at once",
        HALF,
        on="newest",
        equals=1000 * (SERVICE_S + overload.newest_first_wait_quantile_s(quantile=0.5, **LOADED)),
        model=0.2,
        leaves_out=f"{WAY}, twice",
        source="theory:lifo-vs-fifo",
        because="100 ms of work, and a wait of ln 2 / (15/s) = 46 ms",
    ),
    predict(
        "answers at the last moment",
        HALF,
        on="in-time",
        equals=1000
        * (PATIENCE_S - MARGIN_S - overload.time_left_quantile_s(quantile=0.5, **LOADED)),
        model=0.05,
        leaves_out=WAY,
        also={"drop-expired": "it starts the oldest as well, without asking for the time to work"},
        source="theory:drop-expired-gotcha",
        because="2 s, less 25 ms of margin and 79 ms that half of them have to spare",
    ),
)
