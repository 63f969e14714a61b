"""What theory says of parts that fail and are repaired, from the lab's own numbers."""

import math
from functools import partial

from harness import measures
from harness.model import predict
from harness.theory import availability, chance

RATE, SYSTEMS, FROM_S, END_S = 44, 100, 5, 35
STAGES, UP_S, DOWN_S, WAIT_S = 5, 1, 0.2, 0.2
RARER_S, QUICKER_S = 2 * UP_S, DOWN_S / 2
LATER = (FROM_S, END_S)
LOST = measures.failed_ratio(*LATER)
ASKED = RATE * (END_S - FROM_S)

BASE, RARER, QUICKER = (
    {"mtbf_s": up_s, "mttr_s": down_s}
    for up_s, down_s in ((UP_S, DOWN_S), (RARER_S, DOWN_S), (UP_S, QUICKER_S))
)


def lost_at_once(times: dict[str, float]) -> float:
    """Give the share of requests that meet a stage which is down."""
    part = availability.steady_availability(**times)
    return 1 - availability.series_availability(*[part] * STAGES)


def lost_after_waiting(times: dict[str, float]) -> float:
    """Give the share of requests that meet a stage which is down for longer than they wait."""
    part = 1 - availability.outlasting_outage_ratio(**times, wait_s=WAIT_S)
    return 1 - availability.series_availability(*[part] * STAGES)


def lost_with_spares(crews: int | None = None) -> float:
    """Give the share of requests that meet a stage of which both copies are down."""
    return 1 - availability.crewed_availability(stages=STAGES, copies=2, crews=crews, **BASE)


CHAIN, HALVED = lost_at_once(BASE), lost_at_once(QUICKER)
RARER_WAITS, QUICKER_WAITS = lost_after_waiting(RARER), lost_after_waiting(QUICKER)
SPARES, ONE_CREW = lost_with_spares(), lost_with_spares(crews=1)
HALF_OR_LESS, FEW = (CHAIN + HALVED) / 2, (HALVED + RARER_WAITS) / 2
"""Between six in ten and four, and between four and one in six."""
MEMORY_S = UP_S * DOWN_S / (UP_S + DOWN_S)
"""How long a part's state is remembered: after t it is as before with exp(-t / memory)."""
QUEUE_MEMORY_S = UP_S
"""The same of how many wait for a crew that is always busy: what is up fails with 1 / u."""


def lost_sd(share: float, memory_s: float = MEMORY_S) -> float:
    """Give one standard deviation of a share of the requests of a run.

    It varies more than that of independent requests, as each shop is asked again after only
    SYSTEMS / RATE seconds, at random: 1 + 2 x memory / (SYSTEMS / RATE) times the variance.
    """
    alike = math.sqrt(1 + 2 * memory_s * RATE / SYSTEMS)
    return chance.binomial_share_sd(share=share, trials=ASKED) * alike


SERIES, REPAIRS = "theory:availability-algebra", "theory:mtbf-mttr"
OUTLASTING, CREWS = "theory:outlasting-outage", "theory:repair-crews"
NEAR = "it lies too close for one run to tell"
lost = partial(
    predict,
    measure=LOST,
    model=0.02,
    leaves_out="that all parts are up at first, which is not forgotten at once",
)

PREDICTIONS = (
    lost(
        "five in a row multiply",
        on="chain",
        equals=CHAIN,
        chance=lost_sd(CHAIN),
        source=SERIES,
        because="1 - (1 / 1.2)^5",
    ),
    lost(
        "failures half as often",
        on="rarer",
        equals=HALVED,
        chance=lost_sd(HALVED),
        also={"quicker": "the same share of time"},
        source=REPAIRS,
        because="1 - (2 / 2.2)^5",
    ),
    lost(
        "repairs half as long",
        on="quicker",
        equals=HALVED,
        chance=lost_sd(HALVED),
        also={"rarer": "the same share of time"},
        source=REPAIRS,
        because="1 - (1 / 1.1)^5, the same",
    ),
    lost(
        "a wait helps against long repairs",
        on="rarer-waits",
        equals=RARER_WAITS,
        chance=lost_sd(RARER_WAITS),
        also={"spares": NEAR},
        source=OUTLASTING,
        because="exp(-200 / 200) of 9 % at each of five",
    ),
    lost(
        "a wait helps more against short ones",
        on="quicker-waits",
        equals=QUICKER_WAITS,
        chance=lost_sd(QUICKER_WAITS),
        also={"spares": NEAR},
        source=OUTLASTING,
        because="exp(-200 / 100) of 9 % at each of five",
    ),
    lost(
        "both copies at a time",
        on="spares",
        equals=SPARES,
        chance=lost_sd(SPARES),
        also={"rarer-waits": NEAR, "quicker-waits": NEAR},
        source=CREWS,
        because="1 - (1 - (0.2 / 1.2)^2)^5",
    ),
    lost(
        "ten parts wait for one crew",
        on="one-crew",
        equals=ONE_CREW,
        chance=lost_sd(ONE_CREW, QUEUE_MEMORY_S),
        source=CREWS,
        because="a Markov chain of how many of ten are down, one repaired at a time",
    ),
)
