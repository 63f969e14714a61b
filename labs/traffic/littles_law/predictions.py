"""What Little's law and its kin say, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import loss, overload, queues
from labs.traffic.littles_law.measures import calls_under_way, slot_wait_s

RATE, CALL_S, PATIENCE_S, LONG_S = 12, 0.8, 1.5, 30
NEEDED = queues.littles_law_number(rate_rps=RATE, time_s=CALL_S)
SLOTS = (8, 9, 10, 12)
FEW, ENOUGH = 9, 10
SHORTER_S, PAUSE_S = 0.72, 0.5
TOO_FEW_RPS = FEW / CALL_S
IN_USE = calls_under_way("bank", 10, 25)
WAIT = slot_wait_s("bank", 15, LONG_S)
TURN_S = CALL_S / FEW  # how long until the next of nine slots is free
ALL, LATE = measures.success_ratio(0, LONG_S), measures.success_ratio(15, LONG_S)
REFUSED = measures.failed_ratio(4, LONG_S)
LAW = "theory:littles-law"
WAY = "what a call takes beside its 0.8 s, and requests that the window cuts"

PREDICTIONS = (
    predict(
        "in use: rate times time",
        IN_USE,
        on="slots-10",
        equals=NEEDED,
        model=0.02,
        leaves_out=WAY,
        also={"slots-12": "more slots make no more calls; those beyond λW stay idle"},
        source=LAW,
        because="λW = 12/s x 0.8 s",
    ),
    predict(
        "a tenth faster, a tenth fewer",
        IN_USE,
        on="faster",
        equals=queues.littles_law_number(rate_rps=RATE, time_s=SHORTER_S),
        model=0.02,
        leaves_out=WAY,
        also={"crowd": "what a fifth of refusals leaves in use varies by more than the difference"},
        source=LAW,
        because="λW = 12/s x 0.72 s, which nine slots hold",
    ),
    predict(
        "how long nine slots last",
        ALL,
        on="slots-9",
        equals=overload.fifo_collapse_s(
            rate_rps=RATE, capacity_rps=TOO_FEW_RPS, timeout_s=PATIENCE_S - CALL_S
        )
        / LONG_S,
        model=0.2,
        leaves_out="the way of a call: 10 ms more are 1 % of its time, and 19 % of the shortage",
        source="theory:overload-fifo-collapse",
        because="0.7 s to spare x 11.25/s / (12/s - 11.25/s) = 10.5 s, of 30",
    ),
    predict(
        "only the excess is refused",
        LATE,
        on="bounded",
        equals=1 - overload.shed_ratio(rate_rps=RATE, capacity_rps=TOO_FEW_RPS),
        model=0.02,
        leaves_out=WAY,
        also={"crowd": "in 15 s it may be as lucky: four fifths, and three deviations"},
        source="theory:load-shedding-priority",
        because="11.25/s of 12/s have a slot in time",
    ),
    predict(
        "ten slots refuse a fifth of a crowd",
        REFUSED,
        on="crowd",
        equals=loss.erlang_b(servers=ENOUGH, offered_erlangs=NEEDED),
        model=0.02,
        leaves_out=WAY,
        chance=loss.erlang_b_sd(servers=ENOUGH, offered_erlangs=NEEDED, calls=RATE * (LONG_S - 4)),
        seeds=4,
        source="theory:mmck-erlang-b",
        because="Erlang's B of 10 slots and 9.6 calls",
    ),
)
