"""Probabilistic early expiry: each reader draws whether to make a value anew before its time.

The nearer the end and the longer the making takes, the likelier. Readers need not know of each
other, and one of them is usually early enough that nobody finds the value gone. Source: Vattani,
Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention" (PVLDB 8(8), 2015),
there called XFetch. In production: a few lines, as here; Varnish and nginx offer grace and
`stale-while-revalidate` instead.
"""

import math
import random
import sys

from services.patterns.guards import Sabotage


def draws_early(
    now_s: float, expires_s: float, took_s: float, rng: random.Random, *, beta: float = 1
) -> bool:
    """Draw whether a reader makes a value anew, which took `took_s` when it was made last.

    With `beta` above 1 readers are earlier. On average e^(1/beta) readers are, whatever the load.
    """
    # To the nanosecond: C libraries differ in a logarithm's last bit.
    lead_s = round(-beta * took_s * math.log(1 - rng.random()), 9)
    return now_s + lead_s >= expires_s


SABOTAGES = (Sabotage(sys.modules[__name__], "draws_early", lambda *_, **__: False),)
