"""What theory says of queues with a bound and without, from the lab's own numbers."""

from harness import measures
from harness.measures import gauges
from harness.model import Paced, Surge, predict
from harness.theory import loss, overload
from labs.resilience.backpressure.measures import age_s

RATE, TIMES, ARCHIVES = 12, 2, 16
WORK_S, ARCHIVE_S = 0.005, 1 / ARCHIVES
QUEUE, STAGES, CREDITS, PATIENCE_S = 3, 3, 2, 5
SURGE, END_S = (3, 15), 24
FULL, LATE, AFTER = (5, SURGE[1]), (11, SURGE[1]), (20, END_S)
"""When all bounded queues are full; when the others are long; and long after the surge."""
TOLD = measures.success_ratio(*FULL)
AGE, OLD, STILL_OLD = age_s(*FULL), age_s(*LATE), age_s(*AFTER)
INSIDE = gauges.level("messages_inside", *FULL)
EXPORTED = gauges.growth_rps("visits_total", *FULL, labels='outcome="good"')
DROPPED = gauges.growth_rps("dropped_total", *FULL)
SENT = TIMES * RATE
INSIDE_MOST = STAGES * (QUEUE + 1)
"""What the queues hold, and a message in each stage's hand."""
CUT = "what is on its way between stages, and messages that the window cuts"


def readings(*, surge: bool = True) -> Paced:
    """Send the readings of sensors, evenly; in the surge their old ones as well."""
    phases = (Surge(start_s=SURGE[0], end_s=SURGE[1], times=TIMES),) if surge else ()
    return Paced(to="intake", rate_rps=RATE, timeout_ms=1000 * PATIENCE_S, phases=phases)


PREDICTIONS = (
    predict(
        "the backlog grows by what is too much",
        INSIDE,
        on="endless",
        equals=overload.backlog(
            rate_rps=SENT, capacity_rps=ARCHIVES, duration_s=sum(FULL) / 2 - SURGE[0]
        ),
        model=0.1,
        leaves_out=CUT,
        also={"last-bounded": "its backlog is as long, and stands one stage before"},
        source="theory:backpressure",
        because="(24 - 16) a second for 7 s, on average from second 5 to 15",
    ),
    predict(
        "what is too much is refused",
        TOLD,
        on="refuse",
        equals=1 - overload.shed_ratio(rate_rps=SENT, capacity_rps=ARCHIVES),
        model=0.05,
        leaves_out=CUT,
        source="theory:load-shedding-priority",
        because="16 of 24 a second find room",
    ),
    predict(
        "the age is what the queues hold",
        AGE,
        on="refuse",
        equals=loss.bounded_wait_s(queue_limit=INSIDE_MOST, capacity_rps=ARCHIVES),
        model=0.1,
        leaves_out=f"{CUT}, and how long a place is empty before the next message takes it",
        also={"newest": "as many places; who is dropped from them makes them no fewer"},
        source="theory:mm1k",
        because="3 x (3 + 1) messages, at 16 a second",
    ),
    predict(
        "the export gets what is left",
        EXPORTED,
        on="credits",
        equals=ARCHIVES - RATE,
        model=0.1,
        leaves_out="that the queues are first filled, which the window begins after",
        source="counted",
        because="16 a second, less 12 readings",
    ),
)
