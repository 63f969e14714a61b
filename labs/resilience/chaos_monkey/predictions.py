"""What theory says of a monkey among four instances, from the lab's own numbers."""

from harness import measures
from harness.model import Drawn, Kill, predict
from harness.theory import availability, balancing, chance, delivery, membership, overload
from labs.resilience.chaos_monkey.measures import failures_per_kill, good_while_dead

RATE, SERVICE_S, PATIENCE_S = 16, 0.1, 1
APPS = ("app-1", "app-2", "app-3", "app-4")
CAPACITY = 1 / SERVICE_S
SPARE = availability.spare_instances(instances=len(APPS), rate_rps=RATE, capacity_rps=CAPACITY)
FATAL = SPARE + 1
PROBE_S, BAD_PROBES = 0.4, 2
QUEUE = 5

DAYS = {1: (2, 13.5), SPARE: (15, 26), FATAL: (27.5, 39)}
"""When the monkey is at work, by how many it kills at a time."""
END_S = 40
SAFE = (DAYS[1][0], DAYS[SPARE][1])
MONKEYS = tuple(
    Drawn(fault=Kill, among=APPS, count=count, every_s=0.25, rest_s=1.5, start_s=start_s,
          end_s=end_s, least_s=3.5, most_s=4.5)
    for count, (start_s, end_s) in DAYS.items()
)  # fmt: skip
KILLS = 2 * (1 + SPARE)
"""A day has room for two blows of four seconds, and seldom for one alone."""

NOTICED_S = BAD_PROBES * PROBE_S
COLLAPSED_S = overload.fifo_collapse_s(
    rate_rps=RATE, capacity_rps=CAPACITY, timeout_s=PATIENCE_S - SERVICE_S
)
SETTLED_S = NOTICED_S + COLLAPSED_S + SERVICE_S
"""From when on nothing changes any more: probes have seen the deaths, and the queue is too long."""

STEADY = measures.success_ratio(*SAFE)
ONE, TWO, THREE = (good_while_dead(dead, SETTLED_S) for dead in DAYS)
UNNOTICED_S = SERVICE_S + membership.probes_detection_s(period_s=PROBE_S, bad_probes=BAD_PROBES)
SHARE_RPS = RATE * balancing.round_robin_share(replicas=len(APPS))
TURNS = "turns that are cut by the ends of the window"
RADIUS = "theory:fail-static-cells"

PREDICTIONS = (
    predict(
        "a dead one's share is lost",
        ONE,
        on="blind",
        equals=1 - delivery.blast_radius(cells=len(APPS), reached=1),
        model=0.1,
        leaves_out=TURNS,
        source=RADIUS,
        because="1 - 1/4: each of four gets its turn, dead or alive",
    ),
    predict(
        "the share of two",
        TWO,
        on="blind",
        equals=1 - delivery.blast_radius(cells=len(APPS), reached=SPARE),
        model=0.1,
        leaves_out=TURNS,
        source=RADIUS,
        because="1 - 2/4",
    ),
    predict(
        "the share of three",
        THREE,
        on="blind",
        equals=1 - delivery.blast_radius(cells=len(APPS), reached=FATAL),
        model=0.2,
        leaves_out=TURNS,
        source=RADIUS,
        because="1 - 3/4",
    ),
    predict(
        "what a death costs until it is noticed",
        failures_per_kill(*SAFE),
        on="probed",
        equals=SHARE_RPS * UNNOTICED_S,
        model=0.1,
        leaves_out="the second of two, which has a larger share once the first is out",
        chance=chance.mean_sd(
            sd=chance.sum_sd(
                SHARE_RPS * chance.uniform_sd(width=PROBE_S),
                chance.periodic_count_sd(window_s=UNNOTICED_S, period_s=1 / SHARE_RPS),
            ),
            samples=KILLS,
        ),
        also={"floor": "it differs while three are dead", "refusing": "as floor"},
        source="theory:probe-detection",
        because="4/s x (0.1 s of work under way + 1.5 x 0.4 s until the second bad probe)",
    ),
    predict(
        "half go to the dead",
        THREE,
        on="floor",
        equals=1 - delivery.blast_radius(cells=len(APPS) // 2, reached=1),
        model=0.1,
        leaves_out=TURNS,
        source=RADIUS,
        because="two are out, two are in, and one of these is dead",
    ),
    predict(
        "one does what it can",
        THREE,
        on="refusing",
        equals=1 - overload.shed_ratio(rate_rps=RATE, capacity_rps=CAPACITY),
        model=0.1,
        leaves_out="answers that are cut by the ends of the window",
        source="theory:load-shedding-priority",
        because="10/s of 16/s",
    ),
)
