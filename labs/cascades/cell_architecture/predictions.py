"""What theory says of cells and of a tenant that is too heavy for one, from the lab's numbers."""

import math

from harness import measures
from harness.model import Poisson, predict
from harness.theory import chance, delivery

CELLS, TENANTS, BAD = 4, 10_000, "big"
APPS = tuple(f"app-{number}" for number in range(1, CELLS + 2))
DATABASES = tuple(f"db-{number}" for number in range(1, CELLS + 2))
SPARE_APP, SPARE_DB = APPS[-1], DATABASES[-1]
OTHER_DATABASES = tuple(",".join(one for one in DATABASES if one != own) for own in DATABASES)
"""What each app leaves alone, so that it asks its own database."""
ROWS, READ_S, SCAN_S, HELD = 1000, 0.02, 0.6, 10
"""Rows of a database, the work of a read and of a scan, and how many requests it takes in."""
RATE, BAD_RATE = 20, 15
PATIENCE_S = 0.3
COMES_S, MOVED_S, END_S = 3, 9, 18
SETTLED_S = COMES_S + 3
"""When the databases that are too busy have as many requests waiting as they take in."""
LATER_S = MOVED_S + math.ceil(HELD * SCAN_S / (1 - RATE / CELLS * READ_S))
"""When its old database has worked off as many scans as it takes in, and reads beside them."""
USER, SCAN = "/rows/7?client=", f"/total?client={BAD}"

LOST_BEFORE = measures.failed_ratio(COMES_S + 1, MOVED_S + 2, path=USER)
LOST_LATER = measures.failed_ratio(LATER_S, END_S, path=USER)
WHOLE = measures.failed_ratio(SETTLED_S, END_S, path=USER)
HEAVY = Poisson(rate_rps=BAD_RATE, to="router", path=SCAN, start_s=COMES_S)
USERS = Poisson(rate_rps=RATE, to="router", path=f"{USER}{{key}}", keys=TENANTS)

ONE = delivery.blast_radius(cells=CELLS, reached=1)
ALL = delivery.blast_radius(cells=CELLS, reached=CELLS)
MOST, A_CELL = (ALL + ONE) / 2, ONE + (ALL - ONE) / 5
LUCK = "requests that come when little work is waiting, and are answered all the same"
LAW = "theory:fail-static-cells"


def lost_sd(share: float, start_s: float, end_s: float) -> float:
    """Give one standard deviation of a share of the users' requests in a window."""
    return chance.binomial_share_sd(share=share, trials=round(RATE * (end_s - start_s)))


PREDICTIONS = (
    predict(
        "one cell of four",
        WHOLE,
        on="cells",
        equals=ONE,
        model=0.1,
        leaves_out=LUCK,
        chance=lost_sd(ONE, SETTLED_S, END_S),
        seeds=2,
        also={"moved": "until the heavy tenant is moved; over the whole time it may be near"},
        source=LAW,
        because="1/4: the others share nothing with the heavy tenant",
    ),
    predict(
        "a shared database is one cell",
        WHOLE,
        on="shared-database",
        equals=ALL,
        model=0.2,
        leaves_out=LUCK,
        also={"pool": "one cell as well", "spill": "four cells that are one"},
        source=LAW,
        because="4/4: each database serves all, and gets 15/s x 0.6 s / 4 = 2.25 s of work "
        "a second",
    ),
)
