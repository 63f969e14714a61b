"""Backpressure: a bound moves a queue to the stage before, until somebody is told to slow down."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.resilience.backpressure.predictions import (
    ARCHIVE_S, CREDITS, DROPPED, END_S, OLD, PREDICTIONS, QUEUE, SENT, STILL_OLD, SURGE, TOLD,
    WORK_S, readings,
)  # fmt: skip
from labs.resilience.backpressure.reading import EACH_SECOND, READING

STAGE = "labs.resilience.backpressure.service"
BOUNDED = {f"{stage}.queue": QUEUE for stage in ("intake", "parser", "archive")}

LAB = Lab(
    title="Backpressure and bounded queues",
    question="An unbounded queue hides overload. What does a bounded one give back, and to whom?",
    services=(
        Service("intake", app=STAGE, calls=("parser",), settings={"work_ms": 1000 * WORK_S}),
        Service("parser", app=STAGE, calls=("archive",), settings={"work_ms": 1000 * WORK_S}),
        Service("archive", app=STAGE, settings={"work_ms": 1000 * ARCHIVE_S}),
        Service("exporter", app="services.crowd", calls=("intake",),
                settings={"people": 0, "think_ms": 1, "timeout_ms": 5000}),
    ),
    load=readings(),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("endless"),
        Broken("last-bounded", {"archive.queue": QUEUE}),
        Fixed("refuse", {**BOUNDED, "intake.when_full": "refuse"}),
        Fixed("newest", {**BOUNDED, "intake.when_full": "drop-oldest"}),
        Fixed("credits", BOUNDED, load=readings(surge=False),
              faults=(during(*SURGE, Configure("exporter", people=CREDITS),
                             said="the export, with two credits"),)),
    ),
    expect=(
        baseline(measures.success_ratio(0, SURGE[0]), at_least=0.99),
        on("endless", "last-bounded", claim="archives what is old", measure=OLD, at_least=2),
        on("endless", "last-bounded", claim="is behind long after", measure=STILL_OLD,
           at_least=2),
        on("refuse", "newest", "credits", claim="archives what is new", measure=OLD, at_most=1.5,
           unlike=("endless", "last-bounded")),
        on("refuse", claim="says no to what is too much", measure=TOLD, at_most=0.8,
           unlike=("endless", "last-bounded")),
        on("newest", claim="says yes, and throws away", measure=DROPPED, at_least=SENT / 6,
           unlike=("endless", "last-bounded")),
        noted("endless", "last-bounded", "newest", "credits", claim="every sender is told yes",
              measure=TOLD, at_least=0.99),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
