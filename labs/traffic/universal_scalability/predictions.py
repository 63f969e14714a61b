"""What the Universal Scalability Law says of the stock, from the lab's own numbers."""

import math
from collections.abc import Sequence

from harness.model import predict
from harness.model.across import Across
from harness.model.expect import Bound
from harness.theory import scaling
from labs.traffic.universal_scalability.measures import booked_rps

WORK_MS, BOOK_MS, TELL_MS = 190, 10, 2
ALONE_MS = WORK_MS + BOOK_MS
CONTENTION, COHERENCE = BOOK_MS / ALONE_MS, TELL_MS / ALONE_MS
SINGLE_RPS = 1000 / ALONE_MS
POINTS, BEST, MANY, GROUP = (1, 2, 3, 4, 5), 10, 20, 5
NAMES = tuple(f"workers-{workers}" for workers in POINTS)
RATE, MORE, END_S = 30, 90, 14
BOOKED = booked_rps(2, END_S - 1)
LEAST_COHERENCE = 1e-6
"""Less is a peak beyond a thousand workers, and the last digits of a sum."""
LAW = "theory:usl-amdahl"
WAY = "rounds that begin before enough orders wait, and sleeps that last too long"


def law_rps(workers: float) -> float:
    """Give the throughput of so many workers in one group."""
    return scaling.usl_throughput_rps(
        workers=round(workers), contention=CONTENTION, coherence=COHERENCE, single_rps=SINGLE_RPS
    )


LESS_RPS = (law_rps(POINTS[-1]) + law_rps(MANY)) / 2
"""Halfway from what five workers do to what twenty do."""


def peak_of(throughputs_rps: Sequence[float]) -> float:
    """Give the best number of workers by the throughputs of `POINTS`; without end where none is."""
    contention, coherence = scaling.usl_fit(POINTS, throughputs_rps=throughputs_rps)
    if coherence < LEAST_COHERENCE:
        return math.inf
    within = min(1.0, max(0.0, contention))  # where it must lie; a fit may leave it
    return scaling.usl_peak_workers(contention=within, coherence=coherence)


FIVE_TELL = Across(
    claim="five points tell where the peak is",
    what="best number of workers, by the throughputs of 1 to 5",
    unit="workers",
    measure=BOOKED,
    variants=NAMES,
    figure=peak_of,
    bound=Bound(at_least=BEST - 1, at_most=BEST + 1),
)

PREDICTIONS = (
    predict(
        "ten workers do 4.3 times as much as one",
        BOOKED,
        on="workers-10",
        equals=law_rps(BEST),
        model=0.02,
        leaves_out=WAY,
        source=LAW,
        because="5/s x 10 / (1 + 0.05 x 9 + 0.01 x 10 x 9)",
    ),
    predict(
        "twenty do 3.5 times as much",
        BOOKED,
        on="workers-20",
        equals=law_rps(MANY),
        model=0.02,
        leaves_out=WAY,
        source=LAW,
        because="5/s x 20 / (1 + 0.05 x 19 + 0.01 x 20 x 19)",
    ),
    predict(
        "told once a round, it is Amdahl's law",
        BOOKED,
        on="batched",
        equals=scaling.usl_throughput_rps(
            workers=MANY,
            contention=CONTENTION + COHERENCE,
            coherence=0,
            single_rps=SINGLE_RPS,
        ),
        model=0.02,
        leaves_out=WAY,
        source=LAW,
        because="5/s x 20 / (1 + 0.06 x 19): to tell each other worker once costs what a share "
        "of the work does that is done by one alone",
    ),
    predict(
        "four groups of five do four times as much as five",
        BOOKED,
        on="groups",
        equals=MANY / GROUP * law_rps(GROUP),
        model=0.02,
        leaves_out=WAY,
        source=LAW,
        because="4 x 5/s x 5 / (1 + 0.05 x 4 + 0.01 x 5 x 4)",
    ),
)
