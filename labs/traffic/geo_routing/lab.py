"""Geographic routing: how long users of a lost region are lost, by name, by network, by client."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Paced, baseline, noted, on, ratio
from labs.traffic.geo_routing.hosts import FAR, HOSTS, LOSS
from labs.traffic.geo_routing.predictions import (
    BEFORE, EACH_SECOND, END_S, FAILED, FAR_S, FOUND_S, IGNORING, LAST_S, LATER_MS, LOOKUPS_RPS,
    PREDICTIONS, RATE, SHORT_S, SLOW, USERS,
)  # fmt: skip
from labs.traffic.geo_routing.reading import READING

SHORT = {"resolver.ttl_ms": 1000 * SHORT_S}

LAB = Lab(
    title="Going global: geographic routing and failover",
    question="Users of a lost region: how long until they are served elsewhere, by DNS, anycast or "
    "client?",
    services=HOSTS,
    load=Paced(rate_rps=RATE, to="users", path="/users/{key}", keys=USERS),
    duration_s=END_S,
    distances=(FAR,),
    faults=LOSS,
    variants=(
        Broken("dns"),
        Broken("ignored", {**SHORT, "users.ignoring": IGNORING}),
        Fixed("dns-short", SHORT),
        Fixed("anycast", {"users.way": "anycast"}),
        Fixed("tries-both", {"users.way": "client"}),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.99),
        on("dns", "ignored", claim="some are lost for long", measure=LAST_S, at_least=FOUND_S + 1),
        on("dns-short", "anycast", "tries-both", claim="all are served elsewhere", measure=LAST_S,
           at_most=FOUND_S),
        on("tries-both", claim="nobody loses a request", measure=FAILED, at_most=2,
           unlike=("dns", "ignored")),
        noted("tries-both", claim="each waits once", measure=SLOW, at_least=0.05),
        noted("dns-short", "anycast", "tries-both", claim="and the way is longer", measure=LATER_MS,
              at_least=1000 * FAR_S),
    ),
    across=(
        ratio("dns-short", "dns", claim="a short memory is asked for", measure=LOOKUPS_RPS,
              at_least=1.5),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
