"""Percolation: some links more for each service, and one failure takes all; and hubs."""

from harness.model import Lab, Measured, Paced, Service, boundary, family, fit, on, ratio
from harness.model.fault import Setting
from labs.cascades.percolation.predictions import (
    END_S, FEW, FINITE, HUNDRED, LINKS, MANY, PREDICTIONS, RATE, REACHED, SERVICES, EACH_SECOND,
    theory, theory_sd,
)  # fmt: skip
from labs.cascades.percolation.reading import READING

EVEN = family("links-{:g}", LINKS, setting="mesh.links")
HUBS: dict[str, Setting] = {"mesh.links": MANY, "mesh.shape": "hubs"}
MOST_LINKED: dict[str, Setting] = {"mesh.isolated": HUNDRED, "mesh.chosen": "most-linked"}

LAB = Lab(
    title="Percolation and hubs in a service graph",
    question="At which density of dependencies does one failure reach everyone, and what does "
    "pruning a hub change?",
    services=(
        Service("mesh", app="labs.cascades.percolation.service", settings={"services": SERVICES}),
    ),
    load=Paced(rate_rps=RATE, to="mesh", keep_answers=True),
    duration_s=END_S,
    faults=(),
    variants=(
        *EVEN,
        Measured("hubs", HUBS),
        Measured("one-hub", {**HUBS, **MOST_LINKED, "mesh.isolated": 1}),
        Measured("any-hundred", {**HUBS, "mesh.isolated": HUNDRED}),
        Measured("hubs-hundred", {**HUBS, **MOST_LINKED}),
        Measured("even-hundred", {"mesh.links": MANY, **MOST_LINKED}),
    ),
    expect=(
        on("links-125", "hubs-hundred", claim="a failure stays where it is", measure=REACHED,
           at_most=FEW, unlike=("links-375", "links-750", "hubs", "one-hub", "any-hundred")),
        on("links-750", "hubs", "one-hub", claim="a failure takes nearly all", measure=REACHED,
           at_least=0.75, unlike=("links-125", "links-375", "hubs-hundred")),
        on("any-hundred", "even-hundred", claim="a failure still takes a third",
           measure=REACHED, at_least=1 / 3, unlike=("links-125", "hubs-hundred")),
    ),
    across=(
        fit(EVEN, claim="as the theory of random graphs says", measure=REACHED, theory=theory,
            chance=theory_sd, model=0.05, leaves_out=FINITE),
        boundary(EVEN, claim="between 125 and 375 links it reaches many", measure=REACHED,
                 beyond=2 * FEW, above=LINKS[0], at_most=LINKS[1]),
        ratio("any-hundred", "hubs-hundred", claim="a hundred hubs, and not any hundred",
              measure=REACHED, at_least=10),
        ratio("even-hundred", "hubs-hundred", claim="and only where there are hubs",
              measure=REACHED, at_least=10),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
