"""A lab with three replicas behind one name, of which one dies: for tests on either engine."""

from harness.measures import success_ratio
from harness.model import Broken, Fixed, Kill, Lab, Paced, Service, baseline, during, on
from harness.recording import Recording

REPLICATED = Lab(
    title="One of three",
    question="Who does the work of a replica that is gone?",
    services=(
        Service("front", app="services.relay", calls=("app",), settings={"tries": 2}),
        Service(
            "app",
            app="services.worker",
            replicas=3,
            # So many calls are under way at a time that chance leaves no replica without any.
            settings={"workers": 32, "service_ms": 400},
        ),
    ),
    load=Paced(rate_rps=40, to="front", timeout_ms=2000),
    duration_s=6,
    faults=(during(2, 5, Kill("app-2")),),
    variants=(Broken("once", {"front.tries": 1}), Fixed("again")),
    expect=(
        baseline(success_ratio(0, 2), at_least=0.99),
        on("once", "again", claim="goes on", measure=success_ratio(2, 6), at_least=0.9),
    ),
)

AFTER_THE_KILL = success_ratio(2, 6)


def served(recording: Recording, host: str) -> list[float]:
    """Give how many good answers a host has given, second by second; NaN while it is down."""
    return next(
        values
        for key, values in recording.series.items()
        if (key.host, key.metric) == (host, "requests_total") and "200" in key.labels
    )
