"""Split brain: a cut leaves two leaders that both say yes, and one of them will be overruled."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Paced, Partition, Send, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.consensus.split_brain.measures import rival_seconds, rivals_in_office_s
from labs.consensus.split_brain.predictions import (
    COPY_S, CUT_S, LOG, LOST, NODES, PATIENCE_S, PREDICTIONS, RATE,
)  # fmt: skip
from labs.consensus.split_brain.reading import PLOT, READING

RIVALS = rival_seconds(LOG, 0, 20)

LAB = Lab(
    title="Split brain",
    question="A network cut leaves two leaders. "
    "How many writes diverge, and what does a majority rule prevent?",
    services=(
        Service("node", app="services.replica", replicas=3, calls=NODES,
                settings={"copy_ms": 1000 * COPY_S, "patience_ms": 1000 * PATIENCE_S,
                          "timeout_ms": 300}),
    ),
    load=Paced(
        to="node-1", rate_rps=RATE, timeout_ms=2000, keep_answers=True,
        mix=(*(Send(to=node, method="PUT", path=f"{LOG}/{{number}}", share=15) for node in NODES),
             *(Send(to=node, path=LOG) for node in NODES)),
    ),
    duration_s=20,
    faults=(during(5, 5 + CUT_S, Partition(("node-1",), ("node-2", "node-3")),
                   said="node-1 cut off"),),
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
        noted("async", claim="one leader at a time", measure=RIVALS, at_most=0),
        on("majority", "manual", claim="one leader at a time", unlike="naive",
           measure=RIVALS, at_most=0),
        on("majority", claim="a leader without a majority steps down", unlike="naive",
           measure=rivals_in_office_s(0, 20), at_most=1),
        on("majority", "manual", claim="no acknowledged write is lost", measure=LOST, at_most=0),
        noted("majority", "manual", claim="well after it", measure=measures.recovery_s(),
              at_most=3),
    ),
    predict=PREDICTIONS,
    plots=(PLOT,),
    reading=READING,
)  # fmt: skip
