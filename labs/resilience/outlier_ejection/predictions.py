"""What theory says of checks that count failures in a row, from the lab's own numbers."""

from statistics import NormalDist

from harness import measures
from harness.model import predict
from harness.theory import availability, balancing, chance, runs
from labs.resilience.outlier_ejection.measures import requests_per_ejection

RATE, APPS = 50, ("app-1", "app-2", "app-3", "app-4", "app-5")
SICK, FAILING = "app-3", 0.5
ILL, END_S = (3, 33), 34
BAD_PROBES, GOOD_PROBES, STRICT = 3, 1, 8
IN_A_ROW, EJECT_S = 2, 2
SERVICE_S, EVERY_S = 0.02, 0.1
PROBE_S = EVERY_S + SERVICE_S
"""From one deep probe to the next: it waits for its answer like any other request."""

TURN = balancing.round_robin_share(replicas=len(APPS))
UNSEEN = FAILING * TURN
"""The share of all requests that fail while nobody takes the sick one out."""
HALF = UNSEEN / 2
NEIGHBOUR = "app-1"
BUSIER = (TURN + balancing.round_robin_share(replicas=len(APPS) - 1)) / 2
"""What another one gets if the sick one is out for half of the time."""
BAD = measures.failed_ratio(*ILL)
TAKEN_OVER = measures.attempts_per_request(NEIGHBOUR, *ILL)
SENT = measures.attempts_per_request(SICK, *ILL)
PER_EJECTION = requests_per_ejection(SICK, *ILL)

LASTS_S = ILL[1] - ILL[0]
TO_NOTICE = runs.trials_until_run(in_a_row=BAD_PROBES, failure_ratio=FAILING)
TO_RETURN = runs.trials_until_run(in_a_row=GOOD_PROBES, failure_ratio=1 - FAILING)
IN_SHARE = TO_NOTICE / (TO_NOTICE + TO_RETURN)
IN_SHARE_SD = availability.alternating_share_sd(
    up_mean_s=TO_NOTICE * PROBE_S,
    up_sd_s=runs.trials_until_run_sd(in_a_row=BAD_PROBES, failure_ratio=FAILING) * PROBE_S,
    down_mean_s=TO_RETURN * PROBE_S,
    down_sd_s=runs.trials_until_run_sd(in_a_row=GOOD_PROBES, failure_ratio=1 - FAILING) * PROBE_S,
    duration_s=LASTS_S,
)
TO_EJECT = runs.trials_until_run(in_a_row=IN_A_ROW, failure_ratio=FAILING)
FIRST_AGAIN = (1 - TURN) / 2
"""Whoever comes back has waited longest and is next: so much of a request more than its turn."""
PER_RETURN = RATE * PROBE_S * (TO_NOTICE + TO_RETURN)
TO_SICK = TURN * IN_SHARE + FIRST_AGAIN / PER_RETURN
EJECTIONS = round(LASTS_S / (TO_EJECT / (RATE * TURN) + EJECT_S))
LAW = "theory:runs-of-failures"


def mean_to_eject_sd() -> float:
    """Give, in place of a standard deviation of a run's mean, a value of which four are as rare.

    Two failures in a row may take long, and a dozen such waits are not yet normal. Counted request
    by request: within how many have all ejections come, but for so rare a case.
    """
    sigmas = 4
    seldom = 1 - NormalDist().cdf(sigmas)
    odds = [1.0] + [0.0] * (EJECTIONS * IN_A_ROW - 1)  # of failures that counted, so far
    requests = 0
    while sum(odds) > seldom:
        requests += 1
        after = [0.0] * len(odds)
        for failures, share in enumerate(odds):
            after[failures - failures % IN_A_ROW] += (1 - FAILING) * share
            if failures + 1 < len(odds):
                after[failures + 1] += FAILING * share
        odds = after
    return (requests / EJECTIONS - TO_EJECT) / sigmas


PREDICTIONS = (
    predict(
        "its turn, half of it lost",
        BAD,
        on="shallow",
        equals=UNSEEN,
        chance=TURN * chance.binomial_share_sd(share=FAILING, trials=round(RATE * TURN * LASTS_S)),
        also={"deep": "it is in for so long that one run hardly tells"},
        source="theory:round-robin",
        because="1/5 of the requests, of which 1/2 fail",
    ),
    predict(
        "in for seven eighths of the time",
        SENT,
        on="deep",
        equals=TO_SICK,
        model=0.01,
        leaves_out="the first probes, when it is in for certain",
        chance=TURN * IN_SHARE_SD,
        seeds=4,
        source=LAW,
        because="14 probes until three in a row are bad, 2 until one is good: 1/5 x 14/16, and "
        "0.4 requests more each time, as it is next when it comes back",
    ),
    predict(
        "six requests for two failures in a row",
        PER_EJECTION,
        on="in-a-row",
        equals=TO_EJECT,
        model=0.02,
        leaves_out="the last of them, which the end of the window cuts",
        chance=mean_to_eject_sd(),
        seeds=8,
        also={"strict": "it ejects once or twice in a run, and as luck has it after six requests"},
        source=LAW,
        because="2 + 4: a coin that shows the same side twice in a row",
    ),
)
