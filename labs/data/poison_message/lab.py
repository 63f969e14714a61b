"""A poison message: one order that nobody can read, and that everybody gets in turn."""

from harness import measures
from harness.measures import series
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Redis, Send, Service, baseline, during, noted, on,
    predict,
)  # fmt: skip
from labs.data.poison_message.reading import BOOKED, READING

RATE, RESTART_S = 40, 1
ORDERS = (Send(method="POST", path="/orders/{number}"),)

LAB = Lab(
    title="The poison message",
    question="One message crashes every consumer. "
    "How long is the queue blocked, with and without a dead-letter queue?",
    services=(
        Service("intake", app="services.intake", calls=("store",), settings={"store": "store"}),
        Service("consumer", app="services.consumer", replicas=2, calls=("store", "books"),
                settings={"store": "store"}, restart_after_s=RESTART_S),
        Service("books", app="services.worker", settings={"workers": 4, "service_ms": 10}),
    ),
    stores=(Redis("store", persistent=True),),
    load=Poisson(to="intake", rate_rps=RATE, timeout_ms=2000, mix=ORDERS),
    duration_s=20,
    # Half a second in which one order is written with a comma.
    faults=(during(5, 5.5, Configure("intake", malformed=1), said="one bad order"),),
    variants=(
        Broken("naive"),
        Fixed("dead-letter", {"consumer.deliveries": 3}),
        Fixed("caught", {"consumer.on_error": "bury"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 5), at_least=0.99),
        baseline(measures.attempts_per_request("books", 0, 4), at_least=0.99),
        on("naive", claim="not one more order is booked",
           measure=measures.attempts_per_request("books", 8, 18), at_most=0.02),
        noted("naive", claim="and every client is told yes", measure=measures.success_ratio(8, 18),
              at_least=0.99),
        on("dead-letter", "caught", claim="all orders but the bad one are booked",
           measure=measures.attempts_per_request("books", 5, 18), at_least=0.99),
        on("caught", claim="nobody notices", at_most=0.5,
           measure=measures.longest_silence_s("books", 4, 18)),
    ),
    predict=(
        predict("blocked until one is back", measures.longest_silence_s("books", 4, 18),
                on="dead-letter", equals=RESTART_S + 1 / RATE, model=0.1, chance=1 / RATE,
                leaves_out="a look for new orders takes up to a tenth of a second",
                source="counted", because="both are down from the second delivery on; the one "
                "that fell last is back 1 s later and buries it; orders are 25 ms apart"),
        predict("one order is buried", series.increase("dead_letters_total", 0, 20),
                on="dead-letter", equals=1, source="counted", because="one is malformed",
                also={"caught": "it buries the same order, at its first delivery"}),
    ),
    plots=(BOOKED,),
    reading=READING,
)  # fmt: skip
