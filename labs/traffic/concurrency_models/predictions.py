"""What theory says of slots that wait and of a core that is not given back, from the numbers."""

import math

from harness import measures
from harness.measures import gauges
from harness.model import Paced, Poisson, Together, predict
from harness.theory import blocking, chance, loss, queues

THREADS, PROCESSES, TASKS, ONE = 8, 4, 1000, 1
WALL = 6
TURN_S, WORK_S, REPORT_S = 0.02, 0.01, 0.4
PAGES, PAYS, REPORTS = 20, 8, 1
BANK_S, SLOW_BANK_S, PATIENCE_S = 0.02, 2, 2.5
QUIET_S, REPORTED, SLOW, END_S = 2, (3, 10), (11, 21), 23
"""Before reports; while one is made each second; while the bank is slow; the end."""
SETTLED = (SLOW[0] + 4, SLOW[1] - PATIENCE_S)
"""Pages that come in it have been given up before the bank is quick again."""
FULL = (SLOW[0] + SLOW_BANK_S, SLOW[1])
"""When as many calls wait for the bank as will; four times as long as one of them waits."""
SERVED, PAID = (measures.success_ratio(*SETTLED, path=path) for path in ("/page", "/pay"))
BEHIND = measures.latency_ms(0.9, *REPORTED, path="/page")
CALLS, HELD = measures.attempts_rps("bank", *FULL), gauges.level("slots_held", *FULL)


def customers(pays_rps: float = PAYS) -> Together:
    """Send pages at random, payments evenly, and a report each second for a while."""
    patience_ms = 1000 * PATIENCE_S
    return Together(
        of=(
            Poisson(to="shop", path="/page", rate_rps=PAGES, timeout_ms=patience_ms),
            Paced(to="shop", path="/pay", rate_rps=pays_rps, timeout_ms=patience_ms),
            Paced(
                to="shop",
                path="/report",
                rate_rps=REPORTS,
                timeout_ms=patience_ms,
                start_s=QUIET_S,
                end_s=REPORTED[1],
            ),
        )
    )


OTHER_WORK = queues.utilisation(rate_rps=PAGES + PAYS, service_s=WORK_S)
TURN_OF_PAY_S = WORK_S + SLOW_BANK_S + PAGES / PAYS * WORK_S
"""A payment, and the pages that come for each payment."""
WAIT_S = blocking.behind_long_work_quantile_s(
    quantile=0.9, long_s=REPORT_S, every_s=1 / REPORTS, other_share=OTHER_WORK
)
MET = PAGES * (REPORTED[1] - REPORTED[0])
WAIT_SD_S = chance.binomial_share_sd(share=0.1, trials=MET) * (1 - OTHER_WORK) / REPORTS


def calls_rps(slots: int) -> float:
    """Give how many calls a second so many slots make to a slow bank."""
    return loss.slow_client_rate_rps(workers=slots, hold_s=TURN_OF_PAY_S)


def calls_sd_rps(slots: int) -> float:
    """Give one standard deviation of it: which calls the window cuts."""
    width_s = FULL[1] - FULL[0]
    cut = chance.periodic_count_sd(window_s=width_s, period_s=TURN_OF_PAY_S, sources=slots)
    return cut / width_s


PREDICTIONS = (
    *(
        predict(
            f"{on} make as many calls as they can",
            CALLS,
            on=on,
            equals=calls_rps(slots),
            model=0.05,
            leaves_out="the way of a call, some milliseconds of 2 s",
            chance=calls_sd_rps(slots),
            source="theory:slowloris",
            because=f"{slots} / (2 s + 10 ms + 2.5 pages of 10 ms)",
        )
        for on, slots in (("threads", THREADS), ("processes", PROCESSES))
    ),
    predict(
        "an event loop holds as many as wait",
        HELD,
        on="loop",
        equals=queues.littles_law_number(rate_rps=PAYS, time_s=SLOW_BANK_S + WORK_S)
        + queues.littles_law_number(rate_rps=PAGES, time_s=WORK_S),
        model=0.05,
        leaves_out="the way of a call, and how pages wait for one another",
        chance=chance.mean_sd(sd=math.sqrt(PAGES * WORK_S), samples=FULL[1] - FULL[0]),
        also={"offload": "it is the same loop, and no report is made then"},
        source="theory:littles-law",
        because="8/s x 2.01 s, and 20/s x 10 ms",
    ),
    predict(
        "a page waits behind a report",
        BEHIND,
        on="loop",
        equals=1000 * (WAIT_S + WORK_S),
        model=0.1,
        leaves_out="how pages wait for one another: some ten of 10 ms pile up behind a report",
        chance=1000 * WAIT_SD_S,
        also={"one-call": "it is a loop as well, and calls of 20 ms add little to it"},
        source="theory:long-work",
        because="0.4 s - a tenth of the 0.72 s that others leave of a second, and its own 10 ms",
    ),
)
