"""What theory says of load balancing, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import balancing

REPLICAS = ("app-1", "app-2", "app-3", "app-4")
HERD = measures.largest_share(*REPLICAS, start_s=18, end_s=25, slice_s=0.5)

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
        equals=balancing.herd_share(slice_s=0, report_s=1),
        model=0.05,
        leaves_out="calls that are made while the report is",
        source="theory:stale-least-loaded",
        because="in some slice no report falls; until one, the least loaded stays the least loaded",
    ),
)
