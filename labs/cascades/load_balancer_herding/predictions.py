"""What theory says of old figures and of none at all, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import balancing, chance, queues

APPS = ("app-1", "app-2", "app-3", "app-4", "app-5")
RATE, SERVICE_S = 80, 0.05
CAPACITY = 1 / SERVICE_S
AGES_MS = (20, 100, 1600)
SETTLED, END_S = (8, 22.4), 23
"""From when each server has been the best for one period of the longest; nine more of these."""
PATIENCE_S = 10

MEAN = measures.mean_latency_ms(*SETTLED)
LONG = SETTLED[1] - SETTLED[0]
ARRIVALS = round(RATE * LONG)
WAY_MS, WAY = 5, "the way there and back, of some milliseconds"
RANDOM_WAIT_S = queues.pollaczek_khinchine_wait_s(
    rate_rps=RATE / len(APPS), service_s=SERVICE_S, service_cv2=0
)
RANDOM_MS = 1000 * (SERVICE_S + RANDOM_WAIT_S)
SERVICE_MS = 1000 * SERVICE_S
HARDLY_MS = 2 * SERVICE_MS
LONG_MS = 4 * RANDOM_MS
BREAK_EVEN_MS = 1000 * 2 * RANDOM_WAIT_S * CAPACITY / (RATE - CAPACITY)
"""The age at which a herd waits as long as those who go anywhere."""


def moments(service_s: float) -> tuple[float, float, float, float]:
    """Give those of a service time that does not vary."""
    return (service_s, service_s**2, service_s**3, service_s**4)


def period_s(report_ms: float) -> float:
    """Give the time between two reports: each is made when the next request comes."""
    return report_ms / 1000 + 1 / RATE


def herd_ms(report_ms: float) -> float:
    """Give the mean latency under a herd."""
    wait_s = balancing.herd_mean_wait_s(
        rate_rps=RATE, capacity_rps=CAPACITY, report_s=period_s(report_ms)
    )
    return 1000 * (SERVICE_S + wait_s)


ALL_SD_S = queues.mg1_mean_wait_sd_s(
    rate_rps=RATE, service_moments=moments(SERVICE_S / len(APPS)), arrivals=ARRIVALS
)
"""Of what piles up as more come than all servers can do, and waits whoever hands it out: as at one
server that is as fast as they are together."""


def herd_sd_ms(report_ms: float) -> float:
    """Give one standard deviation of it in one run."""
    herd_s = balancing.herd_mean_wait_sd_s(
        rate_rps=RATE, capacity_rps=CAPACITY, report_s=period_s(report_ms), duration_s=LONG
    )
    return 1000 * chance.sum_sd(herd_s, ALL_SD_S)


PREDICTIONS = (
    predict(
        "chance has queues, and no herd",
        MEAN,
        on="random",
        equals=RANDOM_MS,
        model=WAY_MS / RANDOM_MS,
        leaves_out=WAY,
        chance=1000
        * queues.mg1_mean_wait_sd_s(
            rate_rps=RATE / len(APPS), service_moments=moments(SERVICE_S), arrivals=ARRIVALS
        ),
        seeds=8,  # four hardly tell it from the 219 ms of old-100
        also={"old-20": "99 ms by the law of herds, which eight runs hardly tell from 150"},
        source="theory:mg1-pk",
        because="five queues, each busy for 80 % of the time: 50 ms of work and 100 ms of waiting",
    ),
)
