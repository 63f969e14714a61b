"""What theory says of a region that fails over to another one, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, delivery, membership, overload, retries

RATE, SERVICE_S, PATIENCE_S = 30, 0.2, 1
REGIONS = ("east", "west")
MACHINES, ENOUGH, TARGET, BOOT_S = 4, 7, 0.75, 5
QUEUE = 3
PROBE_S, BAD_PROBES = 0.4, 2
LOST, END_S = (4, 12), 30

CAPACITY = MACHINES / SERVICE_S
"""What the machines of one region can do, a second."""
SHARE_RPS = RATE / len(REGIONS)
SPARE_S = PATIENCE_S - SERVICE_S
NOTICED_S = membership.probes_detection_s(period_s=PROBE_S, bad_probes=BAD_PROBES)
"""From the loss until all go to the other one, and from its end until half of them do not."""
COLLAPSED_S = overload.fifo_collapse_s(
    rate_rps=RATE, capacity_rps=CAPACITY, timeout_s=SPARE_S
)  # fmt: skip
SETTLED = (7, LOST[1])
"""When the loss is noticed, and the queue is longer than anybody waits."""
DURING = measures.success_ratio(*SETTLED)
TO_WEST = measures.attempts_per_request(REGIONS[1], *SETTLED)
AFTER = measures.success_ratio(LOST[1] + 1, LOST[1] + 8)
FAILED = measures.failures(LOST[0], END_S)

PILED_UP = overload.backlog(rate_rps=RATE, capacity_rps=CAPACITY, duration_s=LOST[1] - LOST[0])
"""The loss and its end are noticed equally late, so that all go to one for as long as it lasts."""
DRAINS_S = retries.drain_time_s(
    rate_rps=SHARE_RPS,
    capacity_rps=CAPACITY,
    stall_s=PILED_UP / SHARE_RPS,
    patience_s=SPARE_S,
)
"""As after a stall in which as many come to west's own queue."""
STAYED = 1 - delivery.blast_radius(cells=len(REGIONS), reached=1)
WHOLE_S = 0.5
"""How much later than the last failure the next whole second begins, on average."""
PHASE_SD_S = chance.uniform_sd(width=PROBE_S)

PREDICTIONS = (
    predict(
        "those of the lost region are lost",
        DURING,
        on="stay",
        equals=STAYED,
        model=0.02,
        leaves_out="a turn that is cut by the ends of the window",
        source="theory:fail-static-cells",
        because="1 - 1/2: each region has its half of the users, and one is gone",
    ),
    predict(
        "the queue outlasts the loss",
        measures.recovery_s(),
        on="efficient",
        equals=NOTICED_S + DRAINS_S + WHOLE_S,
        model=0.1,
        leaves_out="whole requests, and a little that is served while the probes look",
        chance=chance.sum_sd(
            PHASE_SD_S,
            PHASE_SD_S * (RATE - CAPACITY) / (CAPACITY - SHARE_RPS),
            PHASE_SD_S * (RATE - CAPACITY) / (CAPACITY - SHARE_RPS),
            chance.uniform_sd(width=1),
        ),
        source="theory:backlog-drain",
        because="80 requests piled up, of which 5 a second more are done than come, down to 16",
    ),
    predict(
        "serves what one region can",
        DURING,
        on="refusing",
        equals=1 - overload.shed_ratio(rate_rps=RATE, capacity_rps=CAPACITY),
        model=0.05,
        leaves_out="answers that are cut by the ends of the window",
        source="theory:load-shedding-priority",
        because="20 of 30 a second",
    ),
)
