"""What theory says of load balancing, from the lab's own numbers."""

from statistics import mean

from harness import measures
from harness.model import predict
from harness.theory import balancing

REPLICAS = ("app-1", "app-2", "app-3", "app-4")
RATE, TIMEOUT_S, REPORT_S, SERVICE_MS = 100, 0.5, 1, (18, 22, 24, 26)
OLD_S = (18, 32)
HERD = measures.largest_share(*REPLICAS, start_s=OLD_S[0], end_s=OLD_S[1], slice_s=0.5)
HERD_SERVED = (REPORT_S + TIMEOUT_S) * 1000 / mean(SERVICE_MS) / (RATE * REPORT_S)
"""The share that a herd gets answered: one replica works while it comes, and a time limit more."""
FEW_LOST = (1 + HERD_SERVED) / 2
"""Halfway between what a herd gets answered and all."""

PREDICTIONS = (
    predict(
        "round robin asks nobody",
        measures.attempts_per_request("app-4", 4, 18),
        on="round-robin",
        equals=balancing.round_robin_share(replicas=len(REPLICAS)),
        model=0.01,
        leaves_out="the last turn, which may not be complete",
        source="theory:round-robin",
        because="1/n of the requests, n = 4, slow or not",
    ),
    predict(
        "its share is lost",
        measures.success_ratio(5.5, 7.5),
        on="round-robin",
        equals=balancing.overloaded_success_ratio(replicas=len(REPLICAS)),
        model=0.05,
        leaves_out="turns that are cut by the ends of the window",
        source="theory:round-robin",
        because="1 - 1/n: 25/s x 120 ms is the work of 3 slots, and it has one",
    ),
    predict(
        "one gets everything",
        HERD,
        on="least",
        equals=balancing.herd_share(slice_s=0, report_s=REPORT_S),
        model=0.05,
        leaves_out="calls that are made while the report is",
        source="theory:stale-least-loaded",
        because="in some slice no report falls; until one, the least loaded stays the least loaded",
    ),
)
