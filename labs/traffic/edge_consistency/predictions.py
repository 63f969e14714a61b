"""What three edges sell of one stock while nobody hears of the others, from the lab's numbers."""

import math

from harness import measures
from harness.model import Paced, Partition, Together, during, predict
from harness.theory import stock
from labs.traffic.edge_consistency.measures import least_sold, sent_away_ratio, sold, sold_twice

STOCK, TELL_S, BLOCK, SPARE, WAY_MS = 99, 0.25, 4, 2, 20
RATES = {"lyon": 5, "oslo": 2, "rome": 2}
"""The edges, and their buyers a second."""
EDGES, CORE, BUSY = tuple(RATES), "core", "lyon"
CUT, END_S = (8.1, 18.1), 24
SPAN_S = CUT[1] - CUT[0]
SHARE = STOCK // len(EDGES)

EDGE = {"stock": STOCK, "edges": len(EDGES), "tell_ms": 1000 * TELL_S, "block": BLOCK,
        "spare": SPARE}  # fmt: skip


def kind(name: str) -> dict[str, str]:
    """Let all edges know in one way what is left."""
    return {f"{edge}.kind": name for edge in EDGES}


BUYERS = Together(
    of=tuple(
        Paced(rate_rps=rate, to=edge, path="/tickets", timeout_ms=1000, keep_answers=True)
        for edge, rate in RATES.items()
    )
)
CUT_OFF = (during(*CUT, Partition(EDGES, (CORE,)), said="the edges are cut off"),)

SOLD, EACH_SOLD = sold(*CUT), least_sold(EDGES, *CUT)
WAIT_MS = measures.latency_ms(0.5, 0, CUT[0])
TWICE = sold_twice(STOCK, 0, END_S)
SENT_AWAY = sent_away_ratio(BUSY, 0, CUT[0])
ANSWERED = measures.success_ratio(0, 5)

ASKED = {edge: int(rate * CUT[0]) for edge, rate in RATES.items()}
"""How many buyers have come to each edge when the edges are cut off."""
LEFT = STOCK - sum(ASKED.values())
APART = stock.sold_apart(tuple(RATES.values()), left=LEFT, span_s=SPAN_S)
SHARES_LEFT = tuple(max(0, SHARE - asked) for asked in ASKED.values())
OF_SHARES = stock.sold_from_shares(tuple(RATES.values()), shares=SHARES_LEFT, span_s=SPAN_S)
OF_BUSY = stock.sold_from_shares((RATES[BUSY],), shares=(SHARE,), span_s=CUT[0])
UNHEARD_S = 2 * (TELL_S + 3 * WAY_MS / 1000)
"""How old a sale may be before another edge hears of it: told in turn, and then fetched in turn."""
UNHEARD = sum(math.ceil(rate * UNHEARD_S) for edge, rate in RATES.items() if edge != BUSY)

PREDICTIONS = (
    predict(
        "each sells what is left",
        TWICE,
        on="counters",
        equals=APART - LEFT,
        model=UNHEARD / (APART - LEFT),
        leaves_out="what others sold just before the cut, of which Lyon had not heard",
        also={"newest": "sells twice without a cut", "newest-cut": "sells twice anyway"},
        source="theory:sold-apart",
        because=f"{LEFT} are left, and {APART:g} are sold: each edge sees all {LEFT}",
    ),
    predict(
        "each sells its share",
        SOLD,
        on="shares",
        equals=OF_SHARES,
        model=1 / OF_SHARES,
        leaves_out="a buyer who comes just as the link is cut",
        source="theory:sold-apart",
        because=f"{', '.join(map(str, SHARES_LEFT))} are left in the shares",
    ),
    predict(
        "the busiest edge has sold its share",
        SENT_AWAY,
        on="shares",
        equals=1 - OF_BUSY / ASKED[BUSY],
        model=0.1,
        leaves_out="a buyer more or less",
        source="theory:sold-apart",
        because=f"{ASKED[BUSY]} buyers before the cut, and a share of {SHARE}",
    ),
)
