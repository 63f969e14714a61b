"""The map of percolation: how many services must be isolated, chosen at random, by their links."""

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import cascades
from labs.cascades.percolation.predictions import REACHED, degree

SMALL = 0.02
"""Ten services of 500: near the threshold, what a failure takes grows slowly at first."""


def enough(links: float, numbers: Numbers) -> float:
    """Give how many services must be isolated until the large part falls apart."""
    limit = cascades.random_removal_limit(mean_degree=degree(links))
    return limit * numbers["mesh.services"]


MAP = SweepMap(
    title="Are enough services isolated at random?",
    variant="even-hundred",
    settings=("mesh.chosen=any",),
    vary=("mesh.links=375..1000:125", "mesh.isolated=50..450:50"),
    measure=REACHED,
    until=f"<={SMALL:g}",
    holds="a failure takes ten services at most",
    fails="it goes far",
    boundaries=(Boundary(name="1 - 1/c", of=enough, source="theory:percolation", decisive=True),),
)
