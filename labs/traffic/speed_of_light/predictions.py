"""What the speed of light makes of a page, from the lab's own numbers."""

from typing import NamedTuple

from harness.measures import latency_ms, plots
from harness.model import Distance, predict
from harness.theory import networks

RATE, END_S, ROUNDS, WORK_S = 3, 12, 20, 0.02
SPEED_UP = 2
WAY_S, WAY = 0.006, "the way through the machines themselves, of some milliseconds a call"
SETTLED = (0, END_S - 4)
SCREEN, PAGE, STORE = "screen", "page", "store"
PAGE_MS = latency_ms(0.5, *SETTLED)
EACH_SECOND = plots.each_second({"page": PAGE_MS}, title="Time of a page")


class Place(NamedTuple):
    """How far away something is."""

    name: str
    km: float

    @property
    def rtt_s(self) -> float:
        """The least time there and back, in seconds."""
        return networks.rtt_floor_s(distance_km=self.km)

    def between(self, one: str, other: str) -> tuple[Distance]:
        """Put two hosts so far from each other."""
        return (Distance((one,), (other,), one_way_ms=round(500 * self.rtt_s)),)


NEAR, FAR, FARTHER = Place("near", 1000), Place("far", 8000), Place("farther", 15000)
ALL_WORK_S = ROUNDS * WORK_S
QUICK_S = 0.75


def waits_s(trips: int, place: Place, work_s: float = ALL_WORK_S) -> float:
    """Give how long a page takes that goes there and back so often."""
    return networks.round_trips_s(round_trips=trips, rtt_s=place.rtt_s) + work_s


def left_out(calls: int, page_s: float) -> float:
    """Give the share of a page that its calls may take beside their trips: a tenth, or more."""
    return max(0.1, calls * WAY_S / page_s)


HOPS = 3
TOGETHER_S = waits_s(1, FARTHER, WORK_S)
PREDICTIONS = (
    *(
        predict(
            f"{ROUNDS} times {1000 * place.rtt_s:g} ms",
            PAGE_MS,
            on=place.name,
            equals=1000 * waits_s(ROUNDS, place),
            model=left_out(ROUNDS, waits_s(ROUNDS, place)),
            leaves_out=WAY,
            also=also,
            source="theory:speed-of-light",
            because=f"{place.km:,} km of glass there and back, {ROUNDS} times, and 0.4 s of work",
        )
        for place, also in (
            (NEAR, {"moved": "0.55 s: one long way and the same work"}),
            (FAR, {}),
            (FARTHER, {"faster": "3.2 s: half of the work is hardly any"}),
        )
    ),
    predict(
        "one way for all of the work",
        PAGE_MS,
        on="moved",
        equals=1000 * waits_s(1, FARTHER),
        model=left_out(ROUNDS, waits_s(1, FARTHER)),
        leaves_out=WAY,
        also={"near": "0.6 s: twenty short ways"},
        source="theory:speed-of-light",
        because="150 ms once, and 0.4 s of work beside the store",
    ),
    predict(
        "one way for one question",
        PAGE_MS,
        on="together",
        equals=1000 * TOGETHER_S,
        model=left_out(HOPS, TOGETHER_S),
        leaves_out=WAY,
        source="theory:speed-of-light",
        because="150 ms once, and 20 ms of work",
    ),
)
