"""What theory says of one failure in a mesh of services, from the lab's own numbers."""

from functools import partial
from typing import Any

from harness.measures import plots
from harness.model import predict
from harness.theory import cascades, chance, percolation
from labs.cascades.percolation.measures import large_share, reached_share

SERVICES, HUNDRED, RATE, END_S = 500, 100, 25, 10
LINKS, MANY = (125, 375, 500, 750), 1000
"""Links of the meshes in which they lie evenly, and of those with hubs."""
DRILLS = RATE * END_S
FEW, LARGE = 0.05, 0.1
REACHED, LARGE_SHARE = reached_share(0, END_S), large_share(LARGE, 0, END_S)
EACH_SECOND = plots.each_second(
    {"failed": reached_share(0, 1)}, title="Share of services that one failure takes"
)
FINITE = "the large part of 500 services is somewhat smaller or larger each time"


def degree(links: float) -> float:
    """Give how many links a service has on average: each link has two ends."""
    return 2 * links / SERVICES


def theory(links: float) -> float:
    """Give the share of services that one failure takes along on average."""
    return percolation.reached_share(mean_degree=degree(links), nodes=SERVICES)


def theory_sd(links: float) -> float:
    """Give one standard deviation of that over the drills of a run."""
    return percolation.reached_share_sd(mean_degree=degree(links), nodes=SERVICES, failures=DRILLS)


TWO = cascades.giant_component_share(mean_degree=degree(500))
LAW = "theory:percolation"
predicted: Any = partial(predict, model=0.05, leaves_out=FINITE, source=LAW)
NEARBY = "a part of about the same size, which one run hardly tells apart"

PREDICTIONS = (
    predicted(
        "with half a link each, a failure takes one other",
        REACHED,
        on="links-125",
        equals=theory(125),
        chance=theory_sd(125),
        because="1 / (1 - 0.5) = 2 of 500 services",
    ),
    predicted(
        "with one link and a half each, it takes a third",
        REACHED,
        on="links-375",
        equals=theory(375),
        chance=theory_sd(375),
        seeds=4,
        because="0.58 x 0.58: the large part has 58 % of the services",
    ),
    predicted(
        "with two links each, it takes most",
        REACHED,
        on="links-500",
        equals=theory(500),
        chance=theory_sd(500),
        seeds=4,
        also={"any-hundred": NEARBY},
        because="it begins in the large part, which has 80 % of the services, four times in five: "
        "0.8 x 0.8",
    ),
    predicted(
        "it takes most, or nearly nobody",
        LARGE_SHARE,
        on="links-500",
        equals=TWO,
        chance=chance.binomial_share_sd(share=TWO, trials=DRILLS),
        seeds=4,
        also={"any-hundred": NEARBY, "even-hundred": NEARBY},
        because="as likely as a service is in the large part",
    ),
)
