"""Split brain: a cut leaves two leaders that both say yes, and one of them will be overruled."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Paced, Partition, Send, Service, baseline, during, on, predict,
)  # fmt: skip

NODES = ("node-1", "node-2", "node-3")
LOG = "/log"
LAG = "incident:github-2018-partition"
QUORUM, MEET = "theory:quorum-availability", "theory:quorum-intersection"
LOST, RIVALS = history.lost_writes(LOG, 0, 20), history.rival_seconds(LOG, 0, 20)

LAB = Lab(
    title="Split brain",
    question="A network cut leaves two leaders. "
    "How many writes diverge, and what does a majority rule prevent?",
    services=(
        Service("node", app="services.replica", replicas=3, calls=NODES,
                settings={"copy_ms": 200, "patience_ms": 1500, "timeout_ms": 300}),
    ),
    load=Paced(
        to="node-1", rate_rps=64, timeout_ms=2000, keep_answers=True,
        mix=(*(Send(to=node, method="PUT", path=f"{LOG}/{{number}}", share=15) for node in NODES),
             *(Send(to=node, path=LOG) for node in NODES)),
    ),
    duration_s=20,
    faults=(during(5, 13, Partition(("node-1",), ("node-2", "node-3"))),),
    variants=(
        Broken("naive", {"node.failover": "alone", "node.acknowledge": "leader"}),
        Broken("async", {"node.failover": "majority", "node.acknowledge": "leader"}),
        Fixed("majority", {"node.failover": "majority", "node.acknowledge": "majority"}),
        Fixed("manual", {"node.failover": "never", "node.acknowledge": "leader"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 5), at_least=0.98),
        on("naive", claim="two leaders at once", measure=RIVALS, at_least=4),
        on("naive", claim="acknowledged writes are lost", measure=LOST, at_least=80),
        on("async", claim="what was not copied is lost", measure=LOST, at_least=10),
        on("async", "majority", "manual", claim="one leader at a time", measure=RIVALS, at_most=0),
        on("majority", "manual", claim="no acknowledged write is lost", measure=LOST, at_most=0),
        on("majority", "manual", claim="well after it", measure=measures.recovery_s(), at_most=3),
    ),
    predict=(
        predict("the loser's writes are lost", LOST, on="naive", equals=166, within=0.3, source=LAG,
                because="60/s x 0.1 s not yet copied, then 20/s x 8 s on the losing side"),
        predict("lag x rate is lost", LOST, on="async", equals=34, within=0.6, source=LAG,
                because="60/s x 0.1 s not yet copied, then 20/s x 1.4 s until it steps down"),
        predict("no leader misses a write", LOST, on="majority", equals=0, within=0, source=MEET,
                because="C(N-W, R) / C(N, R) = C(1, 2) / C(3, 2) = 0"),
        predict("the smaller side is refused", measures.success_ratio(8.5, 13),
                on="majority", equals=0.667, within=0.2, source=QUORUM,
                because="one node of three is no majority"),
        predict("the larger side is refused", measures.success_ratio(5.5, 13),
                on="manual", equals=0.333, within=0.3, source=QUORUM,
                because="the leader has only its own clients"),
    ),
    plots=(plots.writes_by_leader(LOG),),
)  # fmt: skip
