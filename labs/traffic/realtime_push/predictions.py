"""What theory says of idle programs, from the lab's own numbers."""

from harness.measures import gauges, plots
from harness.model import predict
from harness.theory import chance, delivery, membership, push
from labs.traffic.realtime_push.measures import age_s, held_for_s, lost_ratio

DESKS, LAPTOPS, NEWS_RPS = 80, 80, 8
PEOPLE = DESKS + LAPTOPS
POLL_S, WAIT_S, PING_S, SILENCE_S = 4, 8, 2, 4
IDLE, ASLEEP_S, AFTER, END_S = (3, 11), 11, (20, 30), 31
"""All are connected and idle; some fall asleep; whoever notices it has noticed."""
HEALTHY = (IDLE[0], ASLEEP_S - 1)
"""The hub answers within milliseconds, so what is due then is answered before the fault begins."""
IDLE_S = IDLE[1] - IDLE[0]
ASKED_RPS = gauges.growth_rps("asked_total", *IDLE)
OPEN = gauges.level("held", *IDLE)
AGE_S, LOST = age_s(*IDLE), lost_ratio(*AFTER)
HELD_S = held_for_s("room-2", ASLEEP_S, END_S - 1)
TRUSTED, TRUSTING = (
    gauges.level("trusting", *window, labels='place="room-1"') for window in (IDLE, AFTER)
)
HELD = plots.each_second(
    {"held": gauges.level("held", 0, 1, labels='place="room-2"')},
    title="Connections held for the laptops",
)
WAY = "the way there and back, some milliseconds of each wait"
YOUNG = f"{WAY}, and that no message is older than the run when the counting begins"

MESSAGES = NEWS_RPS * (AFTER[1] - AFTER[0])
MORE_RPS = chance.poisson_rate_sd(rate_rps=NEWS_RPS, duration_s=IDLE_S)
"""As much as messages vary: each of them ends one wait, and costs one request at most."""
PREDICTIONS = (
    predict(
        "a request for each in each period",
        ASKED_RPS,
        on="polling",
        equals=push.long_poll_rps(clients=PEOPLE, wait_s=POLL_S, news_rps=0),
        model=0.05,
        leaves_out=WAY,
        source="theory:long-polling",
        because="160 programs, each every 4 s; a thousand would ask 250 times a second",
    ),
    predict(
        "a request for each wait, and each message",
        ASKED_RPS,
        on="long-polling",
        equals=push.long_poll_rps(clients=PEOPLE, wait_s=WAIT_S, news_rps=NEWS_RPS),
        model=0.05,
        leaves_out=WAY,
        chance=MORE_RPS,
        source="theory:long-polling",
        because="160 programs wait 8 s each, or until one of 8 messages a second is theirs",
    ),
    predict(
        "half a period late",
        AGE_S,
        on="polling",
        equals=delivery.poll_delay_mean_s(period_s=POLL_S),
        model=0.05,
        leaves_out=YOUNG,
        chance=chance.mean_sd(sd=chance.uniform_sd(width=POLL_S), samples=NEWS_RPS * IDLE_S),
        source="theory:polling",
        because="a message comes at any moment between two polls, 4 s apart",
    ),
    predict(
        "written to those who sleep",
        LOST,
        on="events",
        equals=LAPTOPS / PEOPLE,
        chance=chance.binomial_share_sd(share=LAPTOPS / PEOPLE, trials=MESSAGES),
        also={"heartbeats": "the hub does not notice either"},
        source="counted",
        because="80 of 160 are asleep, and are written to as before",
    ),
    predict(
        "a ping and a half",
        HELD_S,
        on="sockets",
        equals=membership.probes_detection_s(period_s=PING_S, bad_probes=1, fail_s=PING_S / 2),
        model=0.1,
        leaves_out="samples are a second apart, and sockets close one after the other between them",
        chance=chance.mean_sd(sd=chance.uniform_sd(width=PING_S), samples=LAPTOPS),
        source="theory:probe-detection",
        because="1 s on average until the next ping, and 1 s for its answer",
    ),
)
