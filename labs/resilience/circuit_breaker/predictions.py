"""What theory says of the circuit breaker, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import breakers, chance

GATEWAYS, ROUTES = (1, 2, 3), ("/payments", "/catalog")
RATE, OPEN_S, LIMIT_S, FROM_S, END_S = 105, 2, 0.5, 8, 12.9
WINDOW_S = END_S - FROM_S
ANSWERED = breakers.Hanging.ANSWERED
# A call must come to be the probe, which hangs until its time limit, or until the fault ends.
PROBES = {
    "open_s": OPEN_S,
    "hang_s": LIMIT_S,
    "idle_s": len(GATEWAYS) * len(ROUTES) / RATE,
}
PERIOD_S = breakers.probe_period_s(**PROBES)
SAME = {"fallback": "it has the same breaker, and differs in what it answers meanwhile"}

PREDICTIONS = (
    predict(
        "the end of the fault is found",
        measures.first_good_call_s("payments", END_S),
        on="breaker",
        equals=breakers.detection_mean_s(**PROBES, hanging=ANSWERED),
        chance=breakers.detection_sd_s(
            callers=len(GATEWAYS), open_s=OPEN_S, hang_s=LIMIT_S, hanging=ANSWERED, staggered=True
        ),
        seeds=4,
        also=SAME,
        source="theory:circuit-breaker",
        because="w^2 / 2 (w + 0.5 s) and the wait for a call, w = 2 s; a hanging probe is answered",
    ),
    predict(
        "one call leaks each period",
        measures.attempts_rps("payments", FROM_S, END_S),
        on="breaker",
        equals=breakers.leaked_calls_rps(callers=len(GATEWAYS), **PROBES),
        chance=chance.periodic_count_sd(window_s=WINDOW_S, period_s=PERIOD_S, sources=len(GATEWAYS))
        / WINDOW_S,
        model=0.05,
        leaves_out="the idle time before a probe varies, and adds up over periods",
        also=SAME,
        source="theory:circuit-breaker",
        because="3 gateways, one probe each in about 2.56 s",
    ),
)
