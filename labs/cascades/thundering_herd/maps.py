"""The map of a reconnect storm: how many apps a gateway gets back, by their patience."""

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import reconnects
from labs.cascades.thundering_herd.predictions import SHARE_LATE


def locked_out_from(timeout_ms: float, numbers: Numbers) -> float:
    """Give from how many apps on most of them never get in."""
    return reconnects.locked_out_from(
        capacity_rps=1000 / numbers["accounts.service_ms"],
        patience_s=timeout_ms / 1000,
        pause_s=numbers["apps.outgoing.retry.cap_ms"] / 1000,
    )


MAP = SweepMap(
    title="Do apps that try again every half second all get back in?",
    variant="steady",
    vary=("apps.timeout_ms=500..2000:500", "apps.number=16..80:8"),
    measure=SHARE_LATE,
    until=">=0.99",
    holds="all are back",
    fails="most are locked out",
    boundaries=(
        Boundary(
            name="lock-out",
            of=locked_out_from,
            source="theory:reconnect-lockout",
            decisive=True,
        ),
    ),
)
