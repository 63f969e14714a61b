"""A CDN: what its edges keep from the origin, and what a purge and a second CDN do to that."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Measured, baseline, noted, on, ratio
from labs.traffic.cdn_edge.network import (
    DISTANCES, ONE, SERVICES, TWO, collapsed, purge, visitors,
)  # fmt: skip
from labs.traffic.cdn_edge.predictions import (
    BEFORE, END_S, FETCHES, FEW_LOST, MADE_S, PREDICTIONS,
)  # fmt: skip
from labs.traffic.cdn_edge.reading import GOOD, ORIGIN, READING

LAB = Lab(
    title="CDN and edge caching",
    question="What hit ratio does the edge reach, what does a purge do to the origin, and what do "
    "two CDNs cost?",
    services=SERVICES,
    load=visitors(*ONE),
    duration_s=END_S,
    calm=visitors(*ONE),  # The control is spared the purge, and not the morning.
    distances=DISTANCES,
    faults=purge(*ONE),
    variants=(
        Broken("alone"),
        Fixed("collapsed", collapsed(*ONE)),
        Measured("two-cdns", collapsed(*TWO), load=visitors(*TWO), faults=purge(*TWO)),
        Measured("shielded", {f"{edge}.nodes": "shield" for edge in TWO}, load=visitors(*TWO),
                 faults=purge("shield", *TWO)),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.95),
        on("alone", claim="the purge drowns the origin", measure=GOOD, at_most=FEW_LOST),
        on("collapsed", claim="the origin keeps up", measure=GOOD, at_least=FEW_LOST),
        on("shielded", claim="two CDNs behind a shield keep up", measure=GOOD, at_least=FEW_LOST,
           unlike="alone"),
        noted("collapsed", claim="the slowest wait as without a CDN", at_least=1000 * MADE_S,
              measure=measures.latency_ms(0.99, *BEFORE)),
    ),
    across=(
        ratio("two-cdns", "collapsed", claim="a second CDN costs a quarter more, or worse",
              measure=FETCHES, at_least=1.25),
    ),
    predict=PREDICTIONS,
    plots=(ORIGIN,),
    reading=READING,
)  # fmt: skip
