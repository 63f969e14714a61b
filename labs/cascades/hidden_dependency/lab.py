"""A hidden dependency: the service that no page asks, and without which there is no page."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Measured, Poisson, Send, Service, baseline, noted, on, ratio,
)  # fmt: skip
from labs.cascades.hidden_dependency.predictions import (
    ACCOUNTS, ASKED, BEFORE, END_S, FAILED, FAST_S, LIMIT_S, PAGES, PREDICTIONS, QUOTA, RATE,
    SHORT_S, SLOWED, STORES, WAIT_MS, slow,
)  # fmt: skip
from labs.cascades.hidden_dependency.reading import READING, REACH

QUICK = {"workers": 100, "service_ms": 1000 * FAST_S}
LAB = Lab(
    title="The service nobody knew everything used",
    question="Which one service, when it slows, takes the whole product with it, and how would you "
    "have found it?",
    services=(
        *(Service(page, app="services.page", calls=(store, ACCOUNTS),
                  settings={"required": f"{store}, {ACCOUNTS}", "timeout_ms": 1000 * LIMIT_S})
          for page, (store, _) in PAGES.items()),
        Service(ACCOUNTS, app="services.relay", calls=(QUOTA,),
                settings={"timeout_ms": 1000 * SHORT_S}),
        *(Service(host, app="services.worker", settings=QUICK) for host in (*STORES, QUOTA)),
    ),
    load=Poisson(rate_rps=RATE, to="mail", timeout_ms=2000,
                 mix=tuple(Send(to=page, share=share) for page, (_, share) in PAGES.items())),
    duration_s=END_S,
    faults=slow(QUOTA),
    variants=(
        *(Measured(f"slow-{store}", faults=slow(store)) for store in SLOWED),
        Broken("slow-quota"),
        Fixed("fail-open", {f"{ACCOUNTS}.outgoing.order": "fallback,breaker"}),
        Fixed("optional", {f"{page}.required": store for page, (store, _) in PAGES.items()}),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.99),
        on("slow-quota", claim="no page is left", measure=FAILED, at_least=0.95),
        on("fail-open", "optional", claim="all pages stay", measure=FAILED, at_most=0.05),
        on("fail-open", claim="hardly a page waits", measure=WAIT_MS,
           at_most=500 * SHORT_S, unlike="optional"),
        noted("slow-quota", "fail-open", "optional", measure=ASKED, at_least=1, at_most=1,
              claim="each request asks for it, and no page does"),
    ),
    across=(
        ratio("slow-quota", "slow-mailbox", claim="more harm than the busiest store",
              measure=FAILED, at_least=1.25),
    ),
    predict=PREDICTIONS,
    plots=(REACH,),
    reading=READING,
)  # fmt: skip
