"""Consistent hashing: how many keys move when a node leaves, and how even the parts are."""

from harness.model import (
    Broken, Configure, Fixed, Lab, Measured, Poisson, Service, baseline, during, noted, on,
)  # fmt: skip
from harness.model.fault import Timed
from labs.traffic.consistent_hashing.predictions import (
    DATABASE, END_S, FETCHED, FETCHED_BEFORE, FRONT, GOOD, HALFWAY, HERE, KEYS, LARGEST, LEAVES_S,
    LEFT, NODES, PATH, PREDICTIONS, RATE, SPARE,
)  # fmt: skip
from labs.traffic.consistent_hashing.reading import FETCHED_PLOT, READING

RING = {"front.scheme": "ring"}


def leaves(nodes: tuple[str, ...], said: str) -> Timed:
    """Have the front know these nodes alone, from the moment on at which one leaves."""
    return during(LEAVES_S, END_S, Configure(FRONT, nodes=",".join(nodes)), said=said)


LAB = Lab(
    title="Consistent hashing and virtual nodes",
    question="A node leaves. How many keys move, and how even is the load with 1, 10 and 150 "
    "virtual nodes?",
    services=(
        Service(FRONT, app="services.ring", calls=(*HERE, SPARE),
                settings={"nodes": ",".join(HERE), "scheme": "modulo", "virtual_nodes": 150,
                          "timeout_ms": 2000}),
        Service("node", app="labs.traffic.consistent_hashing.service", replicas=NODES + 1,
                calls=(DATABASE,)),
        Service(DATABASE, app="services.worker", settings={"workers": 8, "service_ms": 20}),
    ),
    load=Poisson(rate_rps=RATE, to=FRONT, path=f"{PATH}{{key}}", keys=KEYS),
    duration_s=END_S,
    faults=(leaves(LEFT, "a node leaves"),),
    variants=(
        Broken("modulo"),
        Measured("ring-1", {**RING, "front.virtual_nodes": 1}),
        Measured("ring-10", {**RING, "front.virtual_nodes": 10}),
        Fixed("ring-150", RING),
        Fixed("spare", faults=(leaves((*LEFT, SPARE), "a spare takes its place"),)),
    ),
    expect=(
        baseline(GOOD, at_least=0.99),
        on("modulo", claim="most of what is asked for is fetched anew", measure=FETCHED,
           at_least=HALFWAY, unlike=("ring-150", "spare")),
        on("ring-150", "spare", claim="most stays where it was", measure=FETCHED, at_most=HALFWAY,
           unlike="modulo"),
        on("ring-1", claim="one node of five has half of the load", measure=LARGEST,
           at_least=2 / NODES, unlike=("ring-10", "ring-150")),
        on("ring-10", claim="no node has twice its part", measure=LARGEST, at_most=2 / NODES,
           unlike="ring-1"),
        noted("ring-150", claim="no node has half as much again", measure=LARGEST,
              at_most=1.5 / NODES),
        noted("modulo", "spare", claim="few were new before", measure=FETCHED_BEFORE, at_most=0.3),
    ),
    predict=PREDICTIONS,
    plots=(FETCHED_PLOT,),
    reading=READING,
)  # fmt: skip
