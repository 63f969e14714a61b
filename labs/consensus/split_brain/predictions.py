"""What theory says of the split brain, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, replication
from labs.consensus.split_brain.measures import lost_writes

NODES, LOG = ("node-1", "node-2", "node-3"), "/log"
RATE, WRITES, COPY_S, PATIENCE_S, CUT_S = 64, 60, 0.2, 1.5, 8
OWN = WRITES / len(NODES)
LOST = lost_writes(LOG, 0, 20)
ELECTED = measures.success_ratio(8.5, 13)
"""By then those who elect have elected: before it, the larger side is refused by all alike."""
LEASE_S = replication.lease_left_s(lease_s=PATIENCE_S, copy_period_s=COPY_S)
LAG = {"rate_rps": WRITES, "delay_s": COPY_S / 2, "minority_rate_rps": OWN}
HEARS = "what a copy takes on its way, and until the old leader hears of the new one"
LARGER = replication.largest_side_share(members=len(NODES), cut_off=1)


def lost_sd(overlap_s: float, *, leased: bool = False) -> float:
    """Give what chance does: which node each client asks is drawn, and when copies are sent."""
    copies = replication.failover_lost_writes_sd(
        rate_rps=WRITES, copy_period_s=COPY_S, minority_rate_rps=OWN, leased=leased
    )
    asked = chance.binomial_count_sd(share=1 / len(NODES), trials=int(WRITES * overlap_s))
    return chance.sum_sd(copies, asked)


PREDICTIONS = (
    predict(
        "the loser's writes are lost",
        LOST,
        on="naive",
        equals=replication.failover_lost_writes(**LAG, overlap_s=CUT_S),
        model=0.03,
        leaves_out=HEARS,
        chance=lost_sd(CUT_S),
        source="theory:failover-loss",
        because="60/s x 0.1 s not yet copied, then 20/s x 8 s on the losing side",
    ),
    predict(
        "lag x rate is lost",
        LOST,
        on="async",
        equals=replication.failover_lost_writes(**LAG, overlap_s=LEASE_S),
        model=0.03,
        leaves_out=HEARS,
        chance=lost_sd(LEASE_S, leased=True),
        seeds=3,
        source="theory:failover-loss",
        because="60/s x 0.1 s not yet copied, then 20/s x 1.4 s until it steps down",
    ),
    predict(
        "no leader misses a write",
        LOST,
        on="majority",
        equals=replication.quorum_miss_probability(members=3, write_quorum=2, read_quorum=2),
        also={"manual": "its only leader has every write"},
        source="theory:quorum-intersection",
        because="C(N - W, R) / C(N, R) = C(1, 2) / C(3, 2) = 0",
    ),
    predict(
        "the smaller side is refused",
        ELECTED,
        on="majority",
        equals=LARGER,
        chance=chance.binomial_share_sd(share=LARGER, trials=int(RATE * 4.5)),
        also={"async": "a majority elects its leader too"},
        source="theory:quorum-availability",
        because="one node of three is no majority",
    ),
    predict(
        "the larger side is refused",
        ELECTED,
        on="manual",
        equals=1 - LARGER,
        chance=chance.binomial_share_sd(share=1 - LARGER, trials=int(RATE * 4.5)),
        source="theory:quorum-availability",
        because="the leader is cut off, and has only its own clients",
    ),
)
