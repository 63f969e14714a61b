"""Correlated failure: what replicas share, they lose together, however many there are."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, baseline, difference, during, on,
)  # fmt: skip
from labs.cascades.correlated_failure.predictions import (
    AGAIN, APART, APPS, DOWN, END_S, FIVE, FRONT, HALFWAY, HOMES, LOST, OWN, PREDICTIONS, RACK,
    RACKS, RATE, SECOND, THREE, TWO_APART, WEAK_S,
)  # fmt: skip
from labs.cascades.correlated_failure.reading import LOST_PLOT, READING


def asks(apps: tuple[str, ...]) -> dict[str, str]:
    """Have the front ask these replicas, until one of them answers."""
    return {f"{FRONT}.needs": ",".join(apps)}


LAB = Lab(
    title="The correlation catastrophe",
    question="Three replicas at 99.9 % should give nine nines. What does a shared rack make of "
    "them?",
    services=(
        Service(FRONT, app="services.flaky", calls=APPS, settings={"least": 1}),
        Service("app", app="services.flaky", replicas=len(APPS), calls=RACKS,
                settings={"down_ratio": OWN}, each={"needs": HOMES}),
        Service("rack", app="services.flaky", replicas=len(RACKS)),
    ),
    load=Poisson(rate_rps=RATE, to=FRONT, path="/moments/{number}"),
    duration_s=END_S,
    faults=(during(WEAK_S, END_S, Configure("rack", down_ratio=RACK),
                   said="racks fail at times"),),
    variants=(
        Broken("one-rack", asks(THREE)),
        Broken("five", asks(FIVE)),
        Fixed("two-racks", asks(TWO_APART)),
        Fixed("spread", asks(APART)),
    ),
    expect=(
        # Two replicas lose one moment in 400 before racks are weak.
        baseline(measures.success_ratio(0, WEAK_S), at_least=0.95),
        on("one-rack", "five", claim="what the rack loses is lost", measure=LOST,
           at_least=HALFWAY),
        on("two-racks", "spread", claim="less than a rack is lost", measure=LOST,
           at_most=HALFWAY),
        on("two-racks", "spread", claim="the second try is as good as the first", measure=SECOND,
           at_most=(DOWN + AGAIN) / 2),
    ),
    across=(
        difference("five", "two-racks", claim="two beat five", measure=LOST,
                   at_least=(RACK - HALFWAY) / 2),
    ),
    predict=PREDICTIONS,
    plots=(LOST_PLOT,),
    reading=READING,
)  # fmt: skip
